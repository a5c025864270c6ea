//! The link between a device and its server: frames, and both halves of sync, without IO.
//!
//! ```text
//! frame    length4 (of type and fields) type1 fields
//! stream   control  device -> server Hello; server -> device Welcome, or Refused and the end
//!          request  device opens one for each request, writes one message, reads the answers
//!          live     server -> device: Entries, PracticeEntries, Objects (checkpoints),
//!                   Ephemeral, Seen, Behind
//! before Welcome only Hello, Recover, Found, MailboxPut and MailboxGet are heard, 48 KiB at most
//! (a longer practice log follows by PracticeAppend); after Recover only PracticePull,
//! PracticeAppend (of what the sheet signs), DeviceHead (of its member) and RowsGet
//!
//!  # message          fields                                              answer
//!  1 Hello            practice device lowest1 highest1                    Welcome
//!  2 Welcome          version1 server_epoch4 g8 practice-head own-head
//!                     group_bytes4 bytes_per_minute8 bulk1 refilling1 time8
//!  3 Found            token(bytes) entry(bytes)*                          Taken
//!  4 Taken
//!  5 Refused          code1 option(practice-head)
//!  6 Recover          sheet32 time8 signature64                           Welcome
//! 10 Push             run* row*                                           Pushed
//! 11 Pushed           (0 receipt | 1 code1 receipt | 2 code1 own-head)*
//! 12 PracticeAppend   entry(bytes) row*                                   PracticeAppended
//! 13 PracticeAppended practice-receipt
//! 14 PracticePull     seq4                                                PracticeEntries+
//! 15 PracticeEntries  (entry(bytes) practice-receipt)* more1
//! 16 DeviceHead       device*                                             DeviceHeads
//! 17 DeviceHeads      (receipt option(carried(bytes), a stub))*
//! 18 Changes          g8                                                  Changed+
//! 19 Changed          g8 (log log-head)* more1
//! 20 PullMany         (log position8)*                                    (Packed | Entries)*
//! 21 Entries          log after8 run* log-head g8
//! 22 WantFull         log position8*                                      Full
//! 23 Full             log (position8 carried(bytes))*
//! 24 OwnChain         device own-head dev_seq8                            OwnHashes
//! 25 OwnHashes        hash*
//! 26 RowsPut          row*                                                Taken
//! 27 RowsGet          name41*                                             Rows+, in order
//! 28 Rows             option(bytes)*
//! 29 ObjectPut        envelope(bytes)                                     Taken
//! 30 ObjectsGet       compartment*                                        Objects+
//! 31 Objects          envelope(bytes)*
//! 32 Fill             (log after8 run* log-head g8)*                      Filled
//! 33 Filled           (log log-head)*
//! 34 FillPractice     (entry(bytes) practice-receipt)*                    Taken
//! 35 FillRefused      envelope(bytes)*                                    Taken
//! 36 Given            (log position8)*                                    Refill
//! 37 Refill           server_epoch4 (log from8 to8)* device*
//! 38 Bring            run* row*                                           Taken
//! 39 PullEntries      (log position8)*                                    Entries*
//! 40 to 42            kept for blobs
//! 43 Packed           log after8 log-head envelope(bytes)
//! 50 MailboxPut       mailbox8 number1 mail(bytes)                        Taken
//! 51 MailboxGet       mailbox8 from1                                      Mail
//! 52 Mail             mail(bytes)*
//! 60 Ephemeral        envelope(bytes)                                     Taken
//! 61 Seen             device log log-head time8 signature64               Taken
//! 62 Behind
//!
//! ids 16, hashes 32; x* = count4 x x ..., bytes = length4 ..., option(x) = 0 | 1 x
//! practice-head = seq4 hash32     log-head = position8 chain32
//! own-head = dev_inc4 dev_seq8 own32     receipt: see `log`, 245 bytes
//! practice-receipt = seq4 hash32 time8 signature64
//!   signature of H("tac/practice/receipt/v1", H("tac/practice/receipt/body/v1",
//!     practice16, seq4, hash32, time8))
//! run = log author short(bytes)*  (at least one; short form: see `envelope`)
//! row = name41 bytes              name = table1 holder16 version4 id16 version4
//! recover signature of H("tac/recover/v1", key of the link, server's key, time8)
//! seen signature of H("tac/seen/v1", device log log-head time8)
//! carried = 0 envelope | 1 header226 H(body)32 signature64
//! ```
//!
//! Any request may be answered with Refused; the list of reasons is closed ([`RefusalCode`]).

mod base;
mod closing;
#[cfg(feature = "device")]
pub mod device;
#[cfg(test)]
pub(crate) mod fixture;
mod frame;
mod head;
mod invite;
#[cfg(feature = "device")]
pub mod pack;
mod refusal;
mod run;
pub mod server;
mod wire;

#[cfg(feature = "device")]
pub use base::Kept;
pub use closing::END_AFTER;
pub use frame::FrameBuffer;
pub use head::{HeadProof, SignedHead};
pub use invite::{Invite, MAX_ADDRESSES, TOKEN_LENGTH, is_address};
pub use refusal::{Refusal, RefusalCode};
pub use run::{Run, runs_of};
pub use wire::{
    BLOB_TYPES, DeliveredEntry, Entries, Limits, MAX_ENVELOPES, MAX_GROUP, MAX_ITEMS, MAX_MAIL,
    MAX_MESSAGE, MAX_MESSAGE_BEFORE_HELLO, MAX_PLACES, MAX_ROW, MAX_TOKEN, Message, ObjectKey,
    Outcome, PracticeReceipt, RECOVER_MILLIS, ROW_NAME_LENGTH, Recover, RefillState, Row, RowKey,
    RowParts, Seen, VERSIONS,
};

#[cfg(test)]
mod tests;
