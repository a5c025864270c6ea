//! What lies on the server for those who come later: the safe and the wraps, with which another
//! device of the member, or the recovery sheet, begins. The server keeps each once; any device puts
//! again what is missing there.

use super::{Courier, Errand};
use crate::device::cabinet::Cabinet;
use crate::device::founding;
use crate::device::frame::DeviceFrame;
use crate::device::open::{Device, DeviceError};
use crate::device::store::StoreError;
use tacenda_shared::id::Timestamp;
use tacenda_shared::journal::FileSystem;
use tacenda_shared::keys::safe::{RowName, SheetName};
use tacenda_shared::sync::{Message, Row, RowKey};

/// How a row goes to the server.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    /// With all others.
    Together,
    /// On its own: the server may have deleted it, and a refusal must keep nothing else away.
    Alone,
    /// Not at all: the server has deleted it.
    Stays,
}

impl<F: FileSystem> Device<F> {
    /// Puts on the server what others begin with, once for each opening of the practice.
    pub(super) fn deposit(
        &mut self,
        courier: &mut Courier,
        now: Timestamp,
    ) -> Result<(), DeviceError> {
        if courier.deposited {
            return Ok(());
        }
        let (together, alone) = self.deposits()?;
        let alone = alone.into_iter().map(|row| vec![row]);
        for rows in std::iter::once(together).chain(alone) {
            let ticket = courier.sync.request(Message::RowsPut(rows), now);
            courier.errands.insert(ticket, Errand::Deposit);
        }
        Ok(())
    }

    /// The rows of the safe and the wraps: those that go together, and those of which each goes
    /// alone.
    pub(super) fn deposits(&self) -> Result<(Vec<Row>, Vec<Row>), DeviceError> {
        let (mut together, mut alone): (Vec<Row>, Vec<Row>) = (Vec::new(), Vec::new());
        for (name, row) in self.cabinet.rows.safe() {
            let row = Row { key: RowKey(*name), bytes: row.as_bytes().to_vec() };
            match RowName::decode(name).map(|name| self.cabinet.way_of(&name)) {
                Ok(Way::Together) => together.push(row),
                Ok(Way::Alone) => alone.push(row),
                Ok(Way::Stays) | Err(_) => {}
            }
        }
        for location in self.cabinet.store().locations().wraps() {
            let DeviceFrame::Wrap(bytes) = self.cabinet.store().read(*location)? else {
                return Err(StoreError::Altered.into());
            };
            let practice = self.cabinet.identity.practice;
            let (_, wrap) = founding::decode_wrap(practice, &bytes)?;
            let bytes = wrap.as_bytes().to_vec();
            together.push(Row { key: RowKey::of_wrap(wrap.hash()), bytes });
        }
        Ok((together, alone))
    }
}

impl<F: FileSystem> Cabinet<F> {
    fn way_of(&self, name: &RowName) -> Way {
        let member = self.identity.author.member;
        let known = self.state.members().get(&member);
        let present = known.map(|known| known.key.generation);
        match name {
            RowName::Safe(safe) if Some(safe.member_generation) != present => Way::Stays,
            // Another device that has stepped up may have sealed it anew.
            RowName::SecondSafe(safe) if Some(safe.member_generation) != present => Way::Alone,
            RowName::Sheet(sheet) => {
                let asked = known.and_then(|known| known.request.as_ref());
                let sheets = known.map(|known| known.recovery.sig).into_iter();
                let mut sheets = sheets.chain(asked.map(|asked| asked.recovery.sig));
                // One that was replaced opens nothing any more.
                match sheets.any(|sig| SheetName::of(member, &sig) == *sheet) {
                    true => Way::Alone,
                    false => Way::Stays,
                }
            }
            _ => Way::Together,
        }
    }
}
