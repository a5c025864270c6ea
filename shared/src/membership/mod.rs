//! The practice log: one signed, compare-and-swap log of who belongs to a practice. Everybody
//! replays it from genesis; the server's opinion is used for nothing but to refuse service.
//!
//! ```text
//! entry, big-endian            offset  width
//!   magic "TACP"                    0      4
//!   version = 1                     4      1
//!   suite = 1                       5      1
//!   practice                        6     16    0 in genesis
//!   seq                            22      4    genesis is 0
//!   prev                           26     32    hash of the entry before; 0 in genesis
//!   action                         58      2
//!   body length                    60      4
//!   body                           64      n    at most 256 KiB
//!   time                         64+n      8    the signer's clock, ms since 1970
//!   signer kind                  72+n      1    1 device, 2 recovery sheet (of a member)
//!   signer                       73+n     16
//!   state hash                   89+n     32
//!   signature                   121+n     64
//!
//! signature  Ed25519 of H("tac/practice/entry/sign/v1", bytes 0 .. 121+n)
//! hash       H("tac/practice/entry/v1", all bytes); practice id = its first 16 bytes, of genesis
//!
//! bodies: ids 16, hashes and Ed25519 keys 32, signatures 64, KEM keys 1216, counters of seq,
//! epoch, generation and incarnation 4, dev_seq and positions 8, times 8; bytes and text have a
//! length of 4, lists a count of 4, option(x) = 0 | 1 x. Lists of ids, cuts, members, rings and
//! wraps ascend by id (wraps by recipient: type, id, generation) and name nothing twice.
//!   device      device sig kem tls possession
//!                 possession = Ed25519 of H("tac/device/possession/v1", digest)
//!                 digest = H("tac/device/keys/v1", practice, member, device, sig, H(kem), tls)
//!   recovery    sig kem possession
//!                 possession = Ed25519 of H("tac/recovery/possession/v1", digest)
//!                 digest = H("tac/recovery/keys/v1", practice, member, sig, H(kem),
//!                            the first device's digest | 0 when a sheet is replaced)
//!                 H(kem) = H("tac/kem/public/v1", kem); practice is 0 in genesis
//!   wrap        type1 (1 device, 2 member key, 3 recovery, 4 custodian) id generation hash
//!                 hash = H("tac/wrap/hash/v1", the bytes of the wrap)
//!   member key  generation kem wraps* safe(hash)
//!   cut         device dev_inc dev_seq own
//!   ring        ring sole1 name(bytes) commitment (member manager1)* wraps*
//!   server      addresses(text*) key server_epoch
//!
//!  1 Found             member roles2 profile(bytes) device info(bytes) recovery member-key ring*
//!                      option(server)
//!  2 AddMember         member roles2 profile(bytes) device info(bytes) recovery member-key
//!  3 SetRoles          member roles2
//!  4 RemoveMember      member cut*
//!  5 SetServer         server option(time)
//!  6 SetSuite          suite1
//!  7 SetMinimumWriter  version2
//!  8 AddDevice         member device info(bytes) wrap* option(member-key)
//!  9 RotateMemberKey   member member-key
//! 10 ReplaceRecovery   member recovery wrap* option(member-key)
//! 11 RequestRecovery   member recovery
//! 12 CompleteRecovery  member seq wrap*
//! 13 VetoRecovery      member seq
//! 14 RevokeDevice      member cut* kept(device*) option(time) option(member-key)
//! 15 Incarnate         dev_inc dev_seq own                       (end of the previous)
//! 16 RingCreate        ring
//! 17 RingAdd           ring member manager1 (0 | 1 epoch) wrap*
//! 18 RingRemove        ring member cut*
//! 19 Rekey             ring epoch commitment wrap*
//! 20 Rewrap            ring epoch* wrap*
//! 21 ExtendCut         cut receipt*                              (receipt: see log)
//! 22 Reseed            old4 new4 (log position hash)* (log from to)* device*
//! 23 Abandon           seq hash cut* member*
//! 24 BreakGlass        opaque
//!
//! state hash = H("tac/practice/state/v1", state)
//!   state = suite1 minimum_writer2 option(server) (server option(time))* former servers
//!           member map, device map, ring map: count, then id and value, ascending
//!   member = roles2 profile(bytes) joined option(removed) generation H(kem) retired1 safe
//!            recovery sig, H(kem)  option(request: seq device sig H(kem))
//!   device = member sig H(kem) tls info(bytes) added option(added by)
//!            (since option(dev_inc dev_seq own))*  option(seq dev_inc dev_seq own option(time))
//!   ring   = sole1 name(bytes) commitment*  map member -> (since option(until) oldest_epoch)*
//!            managers: count member*  stale1  map device -> seq dev_inc dev_seq own
//! ```
//!
//! Times of receipt are arguments: the server signs them for each entry it takes, and only the
//! rules on replacing a sheet depend on them. They are not part of the state hash.

mod action;
mod encoding;
mod entry;
mod found;
mod keys;
mod permit;
mod rules;
mod state;

pub use action::{Action, Cut, History, LostRange, NewRing, ReseedBase, RingMember, Roles, Server};
pub use encoding::{MAX_ACTION, MAX_DEVICES, MAX_MEMBERS, MAX_RINGS, MAX_SEALED_NAME};
pub use entry::{ENTRY_MAGIC, Entry, MAX_ENTRY, Signer};
pub use found::{Founder, SoloRing, found};
pub use keys::{
    DeviceKeys, KEM_PUBLIC_LENGTH, KemPublicKey, MAX_WRAPS, NewMemberKey, Recipient, RecoveryKeys,
    Wrap,
};
pub use permit::{NotPermitted, Standing, right_for};
pub use rules::{Invalid, Replayed};
pub use state::{
    Device, FormerServer, Incarnation, Member, MemberKey, Recovery, RecoveryRequest, Revocation,
    Ring, RingCut, State, Stay, Trail, WRITER_VERSION,
};

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
