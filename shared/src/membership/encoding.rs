//! How actions are written: one canonical way each, every list bounded.

use super::action::{
    Action, Cut, History, LostRange, NewRing, ReseedBase, RingMember, Roles, Server,
};
use super::keys::{DeviceKeys, NewMemberKey, RecoveryKeys, read_wraps, write_wraps};
use crate::codec::{CodecError, Reader, Writer};
use crate::id::{
    CompartmentId, DeviceId, MemberId, Position, PracticeSeq, RingEpoch, RingId, ServerEpoch,
    Timestamp,
};
use crate::log::{OwnHead, Receipt};
use crate::suite::{Hash, VerifyingKey};

/// Bytes of a sealed name at most.
pub const MAX_SEALED_NAME: usize = 512;
/// Rings in one entry, and in a practice.
pub const MAX_RINGS: usize = 4096;
/// Members of one practice.
pub const MAX_MEMBERS: usize = 512;
/// Devices in one entry, and of one member.
pub const MAX_DEVICES: usize = 64;
const MAX_ADDRESSES: usize = 8;
const MAX_ADDRESS: usize = 255;
const MAX_RECEIPTS: usize = 16;
const MAX_RESEED_ITEMS: usize = 4096;
/// Bytes of the body of an action at most.
pub const MAX_ACTION: usize = 256 * 1024;

impl Action {
    /// Returns the action's number.
    pub fn number(&self) -> u16 {
        match self {
            Self::Found { .. } => 1,
            Self::AddMember { .. } => 2,
            Self::SetRoles { .. } => 3,
            Self::RemoveMember { .. } => 4,
            Self::SetServer { .. } => 5,
            Self::SetSuite(_) => 6,
            Self::SetMinimumWriter(_) => 7,
            Self::AddDevice { .. } => 8,
            Self::RotateMemberKey { .. } => 9,
            Self::ReplaceRecovery { .. } => 10,
            Self::RequestRecovery { .. } => 11,
            Self::CompleteRecovery { .. } => 12,
            Self::VetoRecovery { .. } => 13,
            Self::RevokeDevice { .. } => 14,
            Self::Incarnate { .. } => 15,
            Self::RingCreate(_) => 16,
            Self::RingAdd { .. } => 17,
            Self::RingRemove { .. } => 18,
            Self::Rekey { .. } => 19,
            Self::Rewrap { .. } => 20,
            Self::ExtendCut { .. } => 21,
            Self::Reseed { .. } => 22,
            Self::Abandon { .. } => 23,
            Self::BreakGlass(_) => 24,
            Self::Newer { number, .. } => *number,
        }
    }

    /// Writes the body, without number and length.
    pub fn encode(&self) -> Vec<u8> {
        let mut w = Writer::new();
        match self {
            Self::Found { .. } | Self::AddMember { .. } => self.write_beginning(&mut w),
            Self::AddDevice { .. }
            | Self::RotateMemberKey { .. }
            | Self::ReplaceRecovery { .. }
            | Self::RequestRecovery { .. }
            | Self::CompleteRecovery { .. }
            | Self::VetoRecovery { .. }
            | Self::RevokeDevice { .. }
            | Self::Incarnate { .. } => self.write_device_action(&mut w),
            Self::RingCreate(_)
            | Self::RingAdd { .. }
            | Self::RingRemove { .. }
            | Self::Rekey { .. }
            | Self::Rewrap { .. } => self.write_ring_action(&mut w),
            _ => self.write_practice_action(&mut w),
        }
        w.into_bytes()
    }

    fn write_beginning(&self, w: &mut Writer) {
        match self {
            Self::Found {
                member,
                roles,
                profile,
                device,
                device_info,
                recovery,
                member_key,
                rings,
                server,
            } => {
                w.fixed(member.as_bytes()).u16(roles.bits()).bytes(profile);
                device.write(w);
                w.bytes(device_info);
                recovery.write(w);
                member_key.write(w);
                w.list(rings, write_ring).option(server.as_ref(), write_server);
            }
            Self::AddMember {
                member,
                roles,
                profile,
                device,
                device_info,
                recovery,
                member_key,
            } => {
                w.fixed(member.as_bytes()).u16(roles.bits()).bytes(profile);
                device.write(w);
                w.bytes(device_info);
                recovery.write(w);
                member_key.write(w);
            }
            _ => {}
        }
    }

    fn write_device_action(&self, w: &mut Writer) {
        let write_key = |w: &mut Writer, key: &NewMemberKey| key.write(w);
        match self {
            Self::AddDevice { member, device, device_info, wraps, member_key } => {
                w.fixed(member.as_bytes());
                device.write(w);
                w.bytes(device_info);
                write_wraps(w, wraps);
                w.option(member_key.as_ref(), write_key);
            }
            Self::RotateMemberKey { member, member_key } => {
                w.fixed(member.as_bytes());
                member_key.write(w);
            }
            Self::ReplaceRecovery { member, recovery, wraps, member_key } => {
                w.fixed(member.as_bytes());
                recovery.write(w);
                write_wraps(w, wraps);
                w.option(member_key.as_ref(), write_key);
            }
            Self::RequestRecovery { member, recovery } => {
                w.fixed(member.as_bytes());
                recovery.write(w);
            }
            Self::CompleteRecovery { member, request, wraps } => {
                w.fixed(member.as_bytes()).u32(request.get());
                write_wraps(w, wraps);
            }
            Self::VetoRecovery { member, request } => {
                w.fixed(member.as_bytes()).u32(request.get());
            }
            Self::RevokeDevice { member, cuts, kept, suspect_since, member_key } => {
                w.fixed(member.as_bytes());
                write_cuts(w, cuts);
                w.list(kept, |w, device| {
                    w.fixed(device.as_bytes());
                });
                w.option(*suspect_since, write_time);
                w.option(member_key.as_ref(), write_key);
            }
            Self::Incarnate { end } => end.write(w),
            _ => {}
        }
    }

    fn write_ring_action(&self, w: &mut Writer) {
        match self {
            Self::RingCreate(ring) => write_ring(w, ring),
            Self::RingAdd { ring, member, history, wraps } => {
                w.fixed(ring.as_bytes());
                write_member(w, member);
                match history {
                    History::All => w.u8(0),
                    History::From(epoch) => w.u8(1).u32(epoch.get()),
                };
                write_wraps(w, wraps);
            }
            Self::RingRemove { ring, member, cuts } => {
                w.fixed(ring.as_bytes()).fixed(member.as_bytes());
                write_cuts(w, cuts);
            }
            Self::Rekey { ring, epoch, commitment, wraps } => {
                w.fixed(ring.as_bytes()).u32(epoch.get()).fixed(commitment.as_bytes());
                write_wraps(w, wraps);
            }
            Self::Rewrap { ring, epochs, wraps } => {
                w.fixed(ring.as_bytes()).list(epochs, |w, epoch| {
                    w.u32(epoch.get());
                });
                write_wraps(w, wraps);
            }
            _ => {}
        }
    }

    fn write_practice_action(&self, w: &mut Writer) {
        match self {
            Self::SetRoles { member, roles } => {
                w.fixed(member.as_bytes()).u16(roles.bits());
            }
            Self::RemoveMember { member, cuts } => {
                w.fixed(member.as_bytes());
                write_cuts(w, cuts);
            }
            Self::SetServer { server, old_key_compromised_since } => {
                write_server(w, server);
                w.option(*old_key_compromised_since, write_time);
            }
            Self::SetSuite(suite) => {
                w.u8(*suite);
            }
            Self::SetMinimumWriter(version) => {
                w.u16(*version);
            }
            Self::ExtendCut { cut, receipts } => {
                write_cut(w, cut);
                w.list(receipts, |w, receipt| {
                    w.fixed(&receipt.encode());
                });
            }
            Self::Reseed { old, new, bases, lost, missing } => {
                w.u32(old.get()).u32(new.get());
                w.list(bases, |w, base| {
                    w.fixed(base.log.as_bytes()).u64(base.position.get());
                    w.fixed(base.hash.as_bytes());
                });
                w.list(lost, |w, range| {
                    w.fixed(range.log.as_bytes()).u64(range.from.get()).u64(range.to.get());
                });
                w.list(missing, |w, device| {
                    w.fixed(device.as_bytes());
                });
            }
            Self::Abandon { from, head, revoked, removed } => {
                w.u32(from.get()).fixed(head.as_bytes());
                write_cuts(w, revoked);
                w.list(removed, |w, member| {
                    w.fixed(member.as_bytes());
                });
            }
            Self::BreakGlass(body) | Self::Newer { body, .. } => {
                w.fixed(body);
            }
            _ => {}
        }
    }

    /// Reads the body of the action with this number. A number that this version does not know
    /// gives [`Action::Newer`]; zero is refused.
    pub fn decode(number: u16, bytes: &[u8]) -> Result<Self, CodecError> {
        if bytes.len() > MAX_ACTION {
            return Err(CodecError::TooLong);
        }
        let mut r = Reader::new(bytes);
        let action = match number {
            0 => return Err(CodecError::Unknown),
            1 | 2 => read_beginning(number, &mut r)?,
            8..=15 => read_device_action(number, &mut r)?,
            16..=20 => read_ring_action(number, &mut r)?,
            3..=7 | 21..=24 => read_practice_action(number, &mut r)?,
            _ => Self::Newer { number, body: r.rest().to_vec() },
        };
        r.finish()?;
        Ok(action)
    }
}

fn read_beginning(number: u16, r: &mut Reader<'_>) -> Result<Action, CodecError> {
    let member = MemberId::from_bytes(r.fixed()?);
    let roles = Roles::from_bits(r.u16()?);
    let profile = r.bytes(MAX_SEALED_NAME)?.to_vec();
    let device = DeviceKeys::read(r)?;
    let device_info = r.bytes(MAX_SEALED_NAME)?.to_vec();
    let recovery = RecoveryKeys::read(r)?;
    let member_key = NewMemberKey::read(r)?;
    if number == 2 {
        return Ok(Action::AddMember {
            member,
            roles,
            profile,
            device,
            device_info,
            recovery,
            member_key,
        });
    }
    let rings = ascending(r.list(MAX_RINGS, read_ring)?, |ring| ring.ring)?;
    let server = r.option(read_server)?;
    Ok(Action::Found {
        member,
        roles,
        profile,
        device,
        device_info,
        recovery,
        member_key,
        rings,
        server,
    })
}

fn read_device_action(number: u16, r: &mut Reader<'_>) -> Result<Action, CodecError> {
    if number == 15 {
        return Ok(Action::Incarnate { end: OwnHead::read(r)? });
    }
    let member = MemberId::from_bytes(r.fixed()?);
    Ok(match number {
        8 => Action::AddDevice {
            member,
            device: DeviceKeys::read(r)?,
            device_info: r.bytes(MAX_SEALED_NAME)?.to_vec(),
            wraps: read_wraps(r)?,
            member_key: r.option(NewMemberKey::read)?,
        },
        9 => Action::RotateMemberKey { member, member_key: NewMemberKey::read(r)? },
        10 => Action::ReplaceRecovery {
            member,
            recovery: RecoveryKeys::read(r)?,
            wraps: read_wraps(r)?,
            member_key: r.option(NewMemberKey::read)?,
        },
        11 => Action::RequestRecovery { member, recovery: RecoveryKeys::read(r)? },
        12 => Action::CompleteRecovery {
            member,
            request: PracticeSeq::new(r.u32()?),
            wraps: read_wraps(r)?,
        },
        13 => Action::VetoRecovery { member, request: PracticeSeq::new(r.u32()?) },
        _ => Action::RevokeDevice {
            member,
            cuts: read_cuts(r)?,
            kept: read_devices(r)?,
            suspect_since: r.option(read_time)?,
            member_key: r.option(NewMemberKey::read)?,
        },
    })
}

fn read_ring_action(number: u16, r: &mut Reader<'_>) -> Result<Action, CodecError> {
    if number == 16 {
        return read_ring(r).map(Action::RingCreate);
    }
    let ring = RingId::from_bytes(r.fixed()?);
    Ok(match number {
        17 => Action::RingAdd {
            ring,
            member: read_member(r)?,
            history: match r.u8()? {
                0 => History::All,
                1 => History::From(RingEpoch::new(r.u32()?)),
                _ => return Err(CodecError::Unknown),
            },
            wraps: read_wraps(r)?,
        },
        18 => Action::RingRemove {
            ring,
            member: MemberId::from_bytes(r.fixed()?),
            cuts: read_cuts(r)?,
        },
        19 => Action::Rekey {
            ring,
            epoch: RingEpoch::new(r.u32()?),
            commitment: Hash::from_bytes(r.fixed()?),
            wraps: read_wraps(r)?,
        },
        _ => Action::Rewrap {
            ring,
            epochs: ascending(r.list(MAX_RINGS, |r| r.u32().map(RingEpoch::new))?, |e| *e)?,
            wraps: read_wraps(r)?,
        },
    })
}

fn read_practice_action(number: u16, r: &mut Reader<'_>) -> Result<Action, CodecError> {
    Ok(match number {
        3 => Action::SetRoles {
            member: MemberId::from_bytes(r.fixed()?),
            roles: Roles::from_bits(r.u16()?),
        },
        4 => Action::RemoveMember { member: MemberId::from_bytes(r.fixed()?), cuts: read_cuts(r)? },
        5 => Action::SetServer {
            server: read_server(r)?,
            old_key_compromised_since: r.option(read_time)?,
        },
        6 => Action::SetSuite(r.u8()?),
        7 => Action::SetMinimumWriter(r.u16()?),
        21 => {
            Action::ExtendCut { cut: read_cut(r)?, receipts: r.list(MAX_RECEIPTS, Receipt::read)? }
        }
        22 => Action::Reseed {
            old: ServerEpoch::new(r.u32()?),
            new: ServerEpoch::new(r.u32()?),
            bases: r.list(MAX_RESEED_ITEMS, |r| {
                Ok(ReseedBase {
                    log: CompartmentId::from_bytes(r.fixed()?),
                    position: Position::new(r.u64()?),
                    hash: Hash::from_bytes(r.fixed()?),
                })
            })?,
            lost: r.list(MAX_RESEED_ITEMS, |r| {
                Ok(LostRange {
                    log: CompartmentId::from_bytes(r.fixed()?),
                    from: Position::new(r.u64()?),
                    to: Position::new(r.u64()?),
                })
            })?,
            missing: read_devices(r)?,
        },
        23 => Action::Abandon {
            from: PracticeSeq::new(r.u32()?),
            head: Hash::from_bytes(r.fixed()?),
            revoked: read_cuts(r)?,
            removed: ascending(
                r.list(MAX_MEMBERS, |r| r.fixed().map(MemberId::from_bytes))?,
                |member| *member,
            )?,
        },
        _ => Action::BreakGlass(r.rest().to_vec()),
    })
}

fn write_time(w: &mut Writer, time: Timestamp) {
    w.i64(time.as_millis());
}

fn read_time(r: &mut Reader<'_>) -> Result<Timestamp, CodecError> {
    r.i64().map(Timestamp::from_millis)
}

fn write_cut(w: &mut Writer, cut: &Cut) {
    w.fixed(cut.device.as_bytes());
    cut.head.write(w);
}

fn read_cut(r: &mut Reader<'_>) -> Result<Cut, CodecError> {
    Ok(Cut { device: DeviceId::from_bytes(r.fixed()?), head: OwnHead::read(r)? })
}

fn write_cuts(w: &mut Writer, cuts: &[Cut]) {
    w.list(cuts, write_cut);
}

fn read_cuts(r: &mut Reader<'_>) -> Result<Vec<Cut>, CodecError> {
    ascending(r.list(MAX_DEVICES, read_cut)?, |cut| cut.device)
}

fn read_devices(r: &mut Reader<'_>) -> Result<Vec<DeviceId>, CodecError> {
    ascending(r.list(MAX_DEVICES, |r| r.fixed().map(DeviceId::from_bytes))?, |device| *device)
}

fn write_server(w: &mut Writer, server: &Server) {
    w.list(&server.addresses, |w, address| {
        w.text(address);
    });
    w.fixed(server.key.as_bytes()).u32(server.server_epoch.get());
}

fn read_server(r: &mut Reader<'_>) -> Result<Server, CodecError> {
    Ok(Server {
        addresses: r.list(MAX_ADDRESSES, |r| r.text(MAX_ADDRESS).map(str::to_owned))?,
        key: VerifyingKey::from_bytes(r.fixed()?),
        server_epoch: ServerEpoch::new(r.u32()?),
    })
}

fn write_member(w: &mut Writer, member: &RingMember) {
    w.fixed(member.member.as_bytes()).u8(u8::from(member.manager));
}

fn read_member(r: &mut Reader<'_>) -> Result<RingMember, CodecError> {
    Ok(RingMember { member: MemberId::from_bytes(r.fixed()?), manager: read_flag(r)? })
}

fn read_flag(r: &mut Reader<'_>) -> Result<bool, CodecError> {
    match r.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(CodecError::Unknown),
    }
}

fn write_ring(w: &mut Writer, ring: &NewRing) {
    w.fixed(ring.ring.as_bytes()).u8(u8::from(ring.sole)).bytes(&ring.name);
    w.fixed(ring.commitment.as_bytes()).list(&ring.members, write_member);
    write_wraps(w, &ring.wraps);
}

fn read_ring(r: &mut Reader<'_>) -> Result<NewRing, CodecError> {
    Ok(NewRing {
        ring: RingId::from_bytes(r.fixed()?),
        sole: read_flag(r)?,
        name: r.bytes(MAX_SEALED_NAME)?.to_vec(),
        commitment: Hash::from_bytes(r.fixed()?),
        members: ascending(r.list(MAX_MEMBERS, read_member)?, |member| member.member)?,
        wraps: read_wraps(r)?,
    })
}

/// Lists are sets: ascending, none twice, so that there is one way to write each.
fn ascending<T, K: Ord>(items: Vec<T>, key: impl Fn(&T) -> K) -> Result<Vec<T>, CodecError> {
    let sorted = items.iter().zip(items.iter().skip(1)).all(|(a, b)| key(a) < key(b));
    if sorted { Ok(items) } else { Err(CodecError::Unknown) }
}
