//! Couples, families and groups: who belongs to them. What is written about them follows like any note.

use super::super::lines::{GroupLine, MemberBody};
use super::{Cause, ImportStep, Importer, check_words, id};
use crate::id::{ClientId, ObjectId};
use crate::practice::calendar::CLIENTS_MAX;
use crate::practice::contact::{NAME_BYTES_MAX, normal};
use crate::practice::edit::Edit;
use crate::practice::group::{
    Belongs, CODE_BYTES_MAX, GroupChange, GroupKind, MEMBERS_MAX, subject_of,
};

impl Importer {
    pub(super) fn group(&mut self, line: GroupLine) -> Result<Vec<ImportStep>, Cause> {
        let group = id(&line.id, ObjectId::parse, "id")?;
        let kind = GroupKind::named(&line.kind).ok_or(Cause::Invalid("kind"))?;
        check_words(&line.code, CODE_BYTES_MAX, "code")?;
        check_words(&line.name, NAME_BYTES_MAX, "name")?;
        let present = line.members.iter().filter(|body| !body.left).count();
        if line.members.len() > MEMBERS_MAX || present > CLIENTS_MAX {
            return Err(Cause::Invalid("members"));
        }
        let member = |body: &MemberBody| {
            let belongs = if body.left { Belongs::Before } else { Belongs::Now };
            Ok((id(&body.client, ClientId::parse, "members.client")?, belongs))
        };
        let members = line.members.iter().map(member).collect::<Result<_, Cause>>()?;
        self.seen("group", &line.rest);
        self.not_carried("group.since", line.since.is_some());
        // A group has a code; what lost its own is still there.
        let code = if normal(&line.code).is_empty() { "?".to_owned() } else { line.code };
        let change = GroupChange { name: Some(line.name), code: Some(code), members };
        let mut steps = vec![ImportStep::Edit(Edit::NewGroup { group, kind, change })];
        if line.ended {
            let client = subject_of(group);
            steps.push(ImportStep::Edit(Edit::Archive { client, archived: true }));
        }
        Ok(steps)
    }
}
