//! The canonical bytes of what lists know of drafts and records.

use super::super::consent::{ConsentAct, ConsentFact};
use super::super::crisis::CrisisFact;
use super::super::draft::DraftFact;
use super::super::edit::NoteFormat;
use super::super::journal::{self, EntryFact};
use super::super::label::Labelling;
use super::super::measure::Taken;
use super::super::misfiled::InError;
use super::super::psychotherapy::PsychotherapyFact;
use super::super::supervision;
use super::{Headline, NoteFact, REPLACED_MAX};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{AppointmentId, DeviceId, MemberId, ObjectId, RecordId, Timestamp};

fn write_id(writer: &mut Writer, id: Option<&[u8; 16]>) {
    writer.option(id, |w, id| {
        w.fixed(id);
    });
}

fn read_id(reader: &mut Reader<'_>) -> Result<Option<[u8; 16]>, CodecError> {
    reader.option(Reader::fixed)
}

pub(super) fn encode_draft(writer: &mut Writer, fact: &DraftFact) {
    write_id(writer, fact.session.as_ref().map(AppointmentId::as_bytes));
    writer.u8(fact.format.number());
    writer.i64(fact.begun.as_millis()).u32(fact.words).u8(u8::from(fact.discarded));
    write_id(writer, fact.addendum_to.as_ref().map(RecordId::as_bytes));
    writer.u8(u8::from(fact.holds_late));
    write_id(writer, fact.instead_of.as_ref().map(ObjectId::as_bytes));
    writer.option(fact.late, |w, (origin, device)| {
        w.fixed(origin.as_bytes()).fixed(device.as_bytes());
    });
    writer.option(fact.date, journal::write_date);
    write_id(writer, fact.corrects.as_ref().map(RecordId::as_bytes));
}

pub(super) fn decode_draft(reader: &mut Reader<'_>) -> Result<DraftFact, CodecError> {
    Ok(DraftFact {
        session: read_id(reader)?.map(AppointmentId::from_bytes),
        format: read_format(reader)?,
        begun: Timestamp::from_millis(reader.i64()?),
        words: reader.u32()?,
        discarded: reader.u8()? == 1,
        addendum_to: read_id(reader)?.map(RecordId::from_bytes),
        holds_late: reader.u8()? == 1,
        instead_of: read_id(reader)?.map(ObjectId::from_bytes),
        late: reader
            .option(|r| Ok((ObjectId::from_bytes(r.fixed()?), DeviceId::from_bytes(r.fixed()?))))?,
        date: reader.option(journal::read_date)?,
        corrects: read_id(reader)?.map(RecordId::from_bytes),
    })
}

fn read_format(reader: &mut Reader<'_>) -> Result<NoteFormat, CodecError> {
    NoteFormat::of(i64::from(reader.u8()?)).ok_or(CodecError::Unknown)
}

pub(super) fn encode_headline(writer: &mut Writer, headline: &Headline) {
    match headline {
        Headline::Unknown => {
            writer.u8(0);
        }
        Headline::Note(note) => {
            writer.u8(1).fixed(note.author.as_bytes());
            write_id(writer, note.draft.as_ref().map(ObjectId::as_bytes));
            writer.u8(note.format.number());
            write_id(writer, note.session.as_ref().map(AppointmentId::as_bytes));
            writer.u32(note.words).u8(u8::from(note.late));
            writer.list(&note.corrects, |w, one| {
                w.fixed(one.as_bytes());
            });
            writer.option(note.moved, |w, time| {
                w.i64(time.as_millis());
            });
        }
        Headline::Addendum { note, draft, words } => {
            writer.u8(2).fixed(note.as_bytes());
            write_id(writer, draft.as_ref().map(ObjectId::as_bytes));
            writer.u32(*words);
        }
        Headline::Measure(taken) => taken.encode(writer.u8(3)),
        Headline::Plan { goals } => {
            writer.u8(4).u32(*goals);
        }
        Headline::Journal(entry) => {
            writer.u8(5);
            entry.encode(writer);
        }
        Headline::Consent(fact) => fact.encode(writer.u8(7)),
        Headline::ConsentAct(act) => act.encode(writer.u8(6)),
        Headline::Crisis(fact) => fact.encode(writer.u8(13)),
        Headline::Labels(labelling) => labelling.encode(writer.u8(8)),
        Headline::Supervision(act) => act.encode(writer.u8(17)),
        Headline::InError(stub) => stub.encode(writer.u8(18)),
        Headline::Psychotherapy(note) => note.encode(writer.u8(40)),
    }
}

pub(super) fn decode_headline(reader: &mut Reader<'_>) -> Result<Headline, CodecError> {
    Ok(match reader.u8()? {
        0 => Headline::Unknown,
        1 => Headline::Note(NoteFact {
            author: MemberId::from_bytes(reader.fixed()?),
            draft: read_id(reader)?.map(ObjectId::from_bytes),
            format: read_format(reader)?,
            session: read_id(reader)?.map(AppointmentId::from_bytes),
            words: reader.u32()?,
            late: reader.u8()? == 1,
            corrects: reader.list(REPLACED_MAX, |r| r.fixed().map(RecordId::from_bytes))?,
            moved: reader.option(|r| r.i64().map(Timestamp::from_millis))?,
        }),
        2 => Headline::Addendum {
            note: RecordId::from_bytes(reader.fixed()?),
            draft: read_id(reader)?.map(ObjectId::from_bytes),
            words: reader.u32()?,
        },
        3 => Headline::Measure(Taken::decode(reader)?),
        4 => Headline::Plan { goals: reader.u32()? },
        5 => Headline::Journal(EntryFact::decode(reader)?),
        7 => Headline::Consent(ConsentFact::decode(reader)?),
        6 => Headline::ConsentAct(ConsentAct::decode(reader)?),
        8 => Headline::Labels(Labelling::decode(reader)?),
        13 => Headline::Crisis(CrisisFact::decode(reader)?),
        17 => Headline::Supervision(supervision::Act::decode(reader)?),
        18 => Headline::InError(InError::decode(reader)?),
        40 => Headline::Psychotherapy(PsychotherapyFact::decode(reader)?),
        _ => return Err(CodecError::Unknown),
    })
}
