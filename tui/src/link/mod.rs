//! The link to the server: QUIC with raw public keys, on a thread of its own.
//!
//! It moves messages and nothing else: what they mean, and what is safe, is decided by whoever
//! holds the practice. It connects again by itself, ever more slowly, and says in a closed list
//! of words why it cannot. Nothing of the vault is here but the key that speaks for the device.

mod call;
mod tls;
mod wire;

pub use call::Line;

use crate::notice::Notice;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;
use tacenda_shared::suite::VerifyingKey;
use tacenda_shared::sync::Message;
use tacenda_shared::sync::device::{Lane, Transmit};
use thiserror::Error;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;
use zeroize::Zeroizing;

/// The first pause before another try.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// A link that stood this long was a good one: the next try comes soon.
const GOOD: Duration = Duration::from_secs(30);

/// Where the server is, how it is known, and who asks.
#[derive(Clone)]
pub struct Target {
    /// `host:port` each, best first; the first that answers is used.
    pub addresses: Vec<String>,
    /// The server's key: no other is spoken to. `None` only while two devices pair, which trust
    /// the server with nothing.
    pub pin: Option<VerifyingKey>,
    /// The seed of the device's own key for links.
    pub seed: Zeroizing<[u8; 32]>,
}

/// Why there is no link.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
pub enum Trouble {
    /// Another key answers under the server's address.
    #[error("another server answers under this address")]
    AnotherServer,
    /// The server has ended the link.
    #[error("the server has ended the link")]
    Ended,
    /// Something that is no message came.
    #[error("what the server says is no message")]
    Garbled,
    /// None of the addresses has a meaning here.
    #[error("the server's address is not known here")]
    NoAddress,
    /// Nothing came back: no network, UDP is blocked, or the server is down.
    #[error("the server cannot be reached")]
    Unreachable,
}

impl From<Trouble> for Notice {
    fn from(trouble: Trouble) -> Self {
        let (happened, next) = match trouble {
            Trouble::AnotherServer => (
                "Another computer answers in place of your server. Nothing was sent to it.",
                "Try another network. If this stays, ask whoever runs your server.",
            ),
            Trouble::Ended => {
                ("The server has ended the link.", "Tacenda connects again by itself.")
            }
            Trouble::Garbled => (
                "The server said something that Tacenda does not understand.",
                "Update Tacenda, and ask for your server to be updated.",
            ),
            Trouble::NoAddress => (
                "The address of your server is not known here.",
                "Look whether this computer is online.",
            ),
            Trouble::Unreachable => (
                "The server cannot be reached.",
                "Look whether this computer is online and lets UDP out; Tacenda tries again by \
                 itself.",
            ),
        };
        Self::new(happened, "Everything you have written is safe on this device.", next)
    }
}

/// What the link tells.
#[derive(Debug)]
pub enum Told {
    /// A link stands; it is the one with this number.
    Up(u64),
    /// A message came.
    Message(Lane, Message),
    /// The server has ended its side of a stream.
    End(Lane),
    /// There is no link, and why. It is tried again.
    Down(Trouble),
}

enum Order {
    Again,
    Aim,
    End,
    Finish,
    Hurry,
    Send(u64, Transmit),
    Drop(u64),
}

/// A link that is kept up until this is dropped.
#[derive(Debug)]
pub struct Link {
    orders: UnboundedSender<Order>,
    addresses: Arc<Mutex<Vec<String>>>,
    number: u64,
    thread: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Again => "Again",
            Self::Aim => "Aim",
            Self::End => "End",
            Self::Finish => "Finish",
            Self::Hurry => "Hurry",
            Self::Send(..) => "Send",
            Self::Drop(_) => "Drop",
        })
    }
}

impl Link {
    /// Starts the thread. `tell` is called on it and returns false when nobody listens any more.
    pub fn start(
        target: Target,
        tell: impl Fn(Told) -> bool + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let (orders, heard) = unbounded_channel();
        let addresses = Arc::new(Mutex::new(target.addresses.clone()));
        let aim = Arc::clone(&addresses);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = thread::Builder::new().name("link".into()).spawn(move || {
            runtime.block_on(keep_up(target, &aim, heard, &tell));
            // A name that is being looked up must not hold the end up.
            runtime.shutdown_background();
        })?;
        Ok(Self { orders, addresses, number: 0, thread: Some(thread) })
    }

    /// Takes note of which link stands, from [`Told::Up`].
    pub const fn is_up(&mut self, number: u64) {
        self.number = number;
    }

    /// Sends a message on the link that stands. If it is gone, so is the message.
    pub fn send(&self, transmit: Transmit) {
        let _ended = self.orders.send(Order::Send(self.number, transmit));
    }

    /// Cuts the wait for the next try to the shortest: somebody waits for the link.
    pub fn hurry(&self) {
        let _ended = self.orders.send(Order::Hurry);
    }

    /// Looks for the server at these addresses from the next try on, which comes at once if no
    /// link stands.
    pub fn aim(&self, addresses: Vec<String>) {
        *self.addresses.lock().unwrap_or_else(PoisonError::into_inner) = addresses;
        let _ended = self.orders.send(Order::Aim);
    }

    /// Lets what is on its way be answered, for at most a second, and then ends the link for good.
    pub fn finish(&self) {
        let _ended = self.orders.send(Order::Finish);
    }

    /// Ends the link that stands; another is tried.
    pub fn drop_link(&self) {
        let _ended = self.orders.send(Order::Drop(self.number));
    }

    /// Ends the link for good, and waits until the server knows, for at most a second: a process
    /// that ends right afterwards would leave it to the server's patience.
    pub fn end(&mut self) {
        let _ended = self.orders.send(Order::End);
        // If the thread has panicked, the link is as gone.
        let _over = self.thread.take().map(JoinHandle::join);
    }

    /// Ends the link that stands, if one does, and tries the next at once.
    pub fn renew(&self) {
        self.drop_link();
        let _ended = self.orders.send(Order::Again);
    }
}

/// Connects, carries, and connects again, until nobody listens.
async fn keep_up(
    mut target: Target,
    aim: &Mutex<Vec<String>>,
    mut orders: UnboundedReceiver<Order>,
    tell: &(impl Fn(Told) -> bool + Send + Sync),
) {
    let mut pause = FIRST_PAUSE;
    for number in 1.. {
        let begun = Instant::now();
        target.addresses.clone_from(&aim.lock().unwrap_or_else(PoisonError::into_inner));
        let connected = tokio::select! {
            connected = wire::connect(&target) => connected,
            elsewhere = aimed(&mut orders) => {
                if elsewhere {
                    continue;
                }
                return;
            }
        };
        let trouble = match connected {
            Ok(connection) => {
                if !tell(Told::Up(number)) {
                    return;
                }
                match wire::carry(connection, number, &mut orders, tell).await {
                    Some(trouble) => trouble,
                    None => return,
                }
            }
            Err(trouble) => trouble,
        };
        if !tell(Told::Down(trouble)) {
            return;
        }
        if begun.elapsed() >= GOOD {
            pause = FIRST_PAUSE;
        }
        tokio::select! {
            () = tokio::time::sleep(jittered(pause)) => {}
            asked = asked(&mut orders) => {
                let Some(wait) = asked else { return };
                pause = FIRST_PAUSE;
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = nobody(&mut orders) => return,
                }
                continue;
            }
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Waits until the server is to be looked for elsewhere; false when nobody holds the link any more.
async fn aimed(orders: &mut UnboundedReceiver<Order>) -> bool {
    loop {
        match orders.recv().await {
            None | Some(Order::End | Order::Finish) => return false,
            Some(Order::Aim) => return true,
            Some(Order::Again | Order::Drop(_) | Order::Hurry | Order::Send(..)) => {}
        }
    }
}

/// Waits until nobody holds the link any more; orders for links that are gone are dropped.
async fn nobody(orders: &mut UnboundedReceiver<Order>) {
    while orders.recv().await.is_some_and(|order| !matches!(order, Order::End | Order::Finish)) {}
}

/// Waits until somebody wants the next try, and returns how soon; `None` when nobody holds the
/// link any more.
async fn asked(orders: &mut UnboundedReceiver<Order>) -> Option<Duration> {
    loop {
        match orders.recv().await? {
            Order::Again | Order::Aim => return Some(Duration::ZERO),
            Order::End | Order::Finish => return None,
            Order::Hurry => return Some(jittered(FIRST_PAUSE)),
            Order::Drop(_) | Order::Send(..) => {}
        }
    }
}

/// Between half and all of a pause, so that many devices do not come at once.
fn jittered(pause: Duration) -> Duration {
    let mut byte = [0; 1];
    // Without chance the pause is whole, which is as good for one device.
    let part = getrandom::fill(&mut byte).map_or(u32::from(u8::MAX), |()| u32::from(byte[0]));
    pause / 2 + (pause / 2) * part / u32::from(u8::MAX)
}
