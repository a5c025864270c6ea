//! One conversation with the server that is waited for: to found a practice there, to pair, to
//! fetch what a new device begins with.

use super::wire::{self, Connected, Incoming};
use super::{Target, Trouble};
use quinn::SendStream;
use std::time::Duration;
use tacenda_shared::suite::VerifyingKey;
use tacenda_shared::sync::Message;
use tokio::runtime::Runtime;
use tokio::time::timeout;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A link on which the caller waits for each answer.
pub struct Line {
    runtime: Runtime,
    connected: Connected,
    control: (SendStream, Incoming),
}

impl Line {
    /// Connects.
    pub fn open(target: &Target) -> Result<Self, Trouble> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|_| Trouble::Unreachable)?;
        let (connected, control) = runtime.block_on(async {
            let connected = wire::connect(target).await?;
            let opened = connected.connection.open_bi().await;
            let (send, receive) = opened.map_err(|_| Trouble::Ended)?;
            Ok::<_, Trouble>((connected, (send, Incoming::of(receive))))
        })?;
        Ok(Self { runtime, connected, control })
    }

    /// Returns the key that the server has proven to hold.
    pub fn server_key(&self) -> Option<VerifyingKey> {
        self.connected.server_key()
    }

    /// Says something on the first stream, and waits for the one answer.
    pub fn say(&mut self, message: &Message) -> Result<Message, Trouble> {
        let (send, incoming) = &mut self.control;
        self.runtime.block_on(async {
            let conversation = async {
                send.write_all(&message.frame()).await.map_err(|_| Trouble::Ended)?;
                incoming.next().await?.ok_or(Trouble::Ended)
            };
            timeout(PATIENCE, conversation).await.map_err(|_| Trouble::Unreachable)?
        })
    }

    /// Asks something on a stream of its own, and waits for all of the answer.
    pub fn ask(&mut self, message: &Message) -> Result<Vec<Message>, Trouble> {
        let connection = &self.connected.connection;
        self.runtime.block_on(async {
            let conversation = async {
                let (mut send, receive) = connection.open_bi().await.map_err(|_| Trouble::Ended)?;
                send.write_all(&message.frame()).await.map_err(|_| Trouble::Ended)?;
                send.finish().map_err(|_| Trouble::Ended)?;
                let mut incoming = Incoming::of(receive);
                let mut answers = Vec::new();
                while let Some(answer) = incoming.next().await? {
                    answers.push(answer);
                }
                Ok(answers)
            };
            timeout(PATIENCE, conversation).await.map_err(|_| Trouble::Unreachable)?
        })
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let connection = &self.connected.connection;
        self.runtime.block_on(async {
            connection.close(0_u32.into(), b"");
            self.connected.told_of_the_end().await;
        });
    }
}
