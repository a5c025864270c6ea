//! `tacenda server`: at which addresses the practice's server can be reached. The work is in
//! [`crate::device::naming`].

use super::args::{Arguments, Servers};
use super::connect::Driven;
use super::online::opened;
use super::print;
use super::request::Request;
use super::run::{Failed, beside, carry_out, now, print_reply};
use crate::device::home::{Home, HomeError};
use crate::device::naming::{Change, Naming};
use crate::device::open::Device;
use crate::link::Trouble;
use crate::notice::Notice;

/// `tacenda server add`, `list` and `remove`.
pub(super) fn server(home: &Home, what: &Servers, arguments: &Arguments) -> Result<(), Failed> {
    let (address, remove) = match what {
        Servers::List => {
            let mut each = print_reply(arguments.json);
            return carry_out(Request::ServerList, home, arguments, None, &mut each);
        }
        Servers::Add { address } => (address.clone(), false),
        Servers::Remove { address } => (address.clone(), true),
    };
    if matches!(home.lock(), Err(HomeError::InUse)) {
        let request = Request::ServerAddress { address, remove };
        beside(&request, home, &mut print_reply(arguments.json))?;
    } else {
        let change = if remove { Change::Remove(address) } else { Change::Add(address) };
        opened(home, arguments, |device| carry_out_alone(device, change))?;
    }
    print::line(if remove {
        "Done. Your devices look for the server there no more."
    } else {
        "Done. Your other devices hear of it from the server, and look there, too."
    });
    Ok(())
}

fn carry_out_alone(device: &mut Device, change: Change) -> Result<(), Notice> {
    let mut naming = Naming::begin(device, change)?;
    let mut driven = Driven::start(device, now)?;
    if let Some(address) = naming.also() {
        driven.look_also(address);
    }
    let mut outcome = None;
    driven.until(&mut |_| {}, |device| {
        outcome = naming.work(device, now());
        outcome.is_some()
    })?;
    outcome.unwrap_or_else(|| Err(Trouble::Unreachable.into()))
}
