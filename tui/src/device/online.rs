//! An open practice with its link: what the link tells goes in, what is to be sent goes out. The
//! window and the command line both work through this.

use super::courier::Delivered;
use super::open::{Device, DeviceError};
use crate::link::{Link, Target, Told};
use crate::notice::Notice;
use std::io;
use tacenda_shared::id::Timestamp;
use tacenda_shared::suite::VerifyingKey;
use zeroize::Zeroizing;

/// The link of an open practice. It ends when this is dropped.
#[derive(Debug)]
pub struct Online {
    link: Link,
    /// Where the practice says that its server is; empty where the way there is fixed.
    named: Vec<String>,
}

impl Device {
    /// Returns where the server is, and with which key this device speaks to it.
    pub fn target(&self) -> Option<Target> {
        let server = self.cabinet.state.server()?;
        Some(self.target_at(server.addresses.clone(), server.key))
    }

    /// Returns how this device speaks to a server there that holds this key.
    pub fn target_at(&self, addresses: Vec<String>, pin: VerifyingKey) -> Target {
        let seed = Zeroizing::new(*self.cabinet.keys.tls.seed());
        Target { addresses, pin: Some(pin), seed }
    }
}

impl Online {
    /// Starts to keep up a link, if the practice has a server. `tell` is called on the link's
    /// thread; what it is given goes to [`Online::told`].
    pub fn start(
        device: &mut Device,
        now: Timestamp,
        tell: impl Fn(Told) -> bool + Send + Sync + 'static,
    ) -> Result<Option<Self>, DeviceError> {
        Self::start_by(device, None, now, tell)
    }

    /// Like [`Online::start`], but to this address instead of those that the practice names: a
    /// demo's cable.
    pub fn start_by(
        device: &mut Device,
        route: Option<&str>,
        now: Timestamp,
        tell: impl Fn(Told) -> bool + Send + Sync + 'static,
    ) -> Result<Option<Self>, DeviceError> {
        if !device.attach(now)? {
            return Ok(None);
        }
        let Some(mut target) = device.target() else { return Ok(None) };
        let named = match route {
            None => target.addresses.clone(),
            Some(route) => {
                target.addresses = vec![route.to_owned()];
                Vec::new()
            }
        };
        let link = Link::start(target, tell).map_err(|error: io::Error| error.into());
        link.map(|link| Some(Self { link, named }))
    }

    /// Looks for the server at this address as well, until the practice says where it is.
    pub fn look_also(&self, address: &str) {
        if !self.named.is_empty() {
            self.link.aim([self.named.as_slice(), &[address.to_owned()]].concat());
        }
    }

    /// Follows a server that can be reached elsewhere now, as the practice log says.
    fn follow(&mut self, device: &Device) {
        let Some(target) = device.target().filter(|_| !self.named.is_empty()) else { return };
        if target.addresses != self.named {
            self.named.clone_from(&target.addresses);
            self.link.aim(target.addresses);
        }
    }

    /// Ends the link for good; the server knows when this returns, or cannot be reached.
    pub fn end(&mut self) {
        self.link.end();
    }

    /// Says what this device has seen before the link ends for good: what is on its way is given a
    /// second. [`Online::end`] waits for it.
    /// Returns what must be told.
    pub fn take_leave(&mut self, device: &mut Device, now: Timestamp) -> Vec<Notice> {
        // What cannot be noted on the disk is not said: the next link does it.
        let (owed, notices) = device.say_farewell(now).unwrap_or_default();
        while let Some(transmit) = device.poll_transmit() {
            self.link.send(transmit);
        }
        if owed {
            self.link.finish();
        }
        notices
    }

    /// Ends the link that stands, if one does, and tries the next at once.
    pub fn renew(&self) {
        self.link.renew();
    }

    /// Takes what the link tells.
    pub fn told(
        &mut self,
        device: &mut Device,
        told: Told,
        now: Timestamp,
    ) -> Result<Delivered, DeviceError> {
        let delivered = match told {
            Told::Message(lane, message) => device.link_message(lane, message, now),
            other => return self.told_first(device, other, now),
        };
        self.carry(device, delivered)
    }

    /// Takes what the link tells, to be shown before it is stored: [`Online::work`] must follow.
    pub fn told_first(
        &mut self,
        device: &mut Device,
        told: Told,
        now: Timestamp,
    ) -> Result<Delivered, DeviceError> {
        let delivered = match told {
            Told::Up(number) => {
                self.link.is_up(number);
                device.link_up(now)
            }
            Told::Message(lane, message) => device.link_message_shown_first(lane, message, now),
            Told::End(lane) => device.link_end(lane, now),
            Told::Down(trouble) => device.link_down(Some(trouble.into()), now),
        };
        self.carry(device, delivered)
    }

    /// Sends what was made since, and looks whether the server still answers.
    pub fn work(&mut self, device: &mut Device, now: Timestamp) -> Result<Delivered, DeviceError> {
        let due = device.link_due().is_some_and(|due| due <= now);
        let delivered = if due { device.link_timeout(now) } else { device.dispatch(now) };
        self.carry(device, delivered)
    }

    /// Opens a part of what has come and lies unopened: for idle time.
    pub fn open_shelf(
        &mut self,
        device: &mut Device,
        now: Timestamp,
    ) -> Result<Delivered, DeviceError> {
        let delivered = device.open_shelf(now);
        self.carry(device, delivered)
    }

    /// Connects soon, if the link is down: somebody waits.
    pub fn hurry(&self) {
        self.link.hurry();
    }

    fn carry(
        &mut self,
        device: &mut Device,
        delivered: Result<Delivered, DeviceError>,
    ) -> Result<Delivered, DeviceError> {
        while let Some(transmit) = device.poll_transmit() {
            self.link.send(transmit);
        }
        if delivered.as_ref().map_or(true, |delivered| delivered.drop_link) {
            self.link.drop_link();
        }
        self.follow(device);
        delivered
    }
}
