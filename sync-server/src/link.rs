//! One link from its first message to its end: who it is, its requests, its live stream. Every
//! decision is the store's; every byte goes through the endpoint.

use crate::config::Limits;
use crate::endpoint::{Arrival, Ending, Exchange, Link, LinkError, Receiving, Sending};
use crate::gate::{Bucket, Gate, Place, Source};
use crate::log::{Event, Log};
use crate::outbox::{Outbox, Outgoing};
use crate::queue::{Class, Queue};
use crate::store::{Answer, Greeting, Job, Request, Who, class_of};
use crate::tamper::{Lane, Peer, Watch};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};
use tacenda_shared::codec::CodecError;
use tacenda_shared::id::PracticeId;
use tacenda_shared::membership::Signer;
use tacenda_shared::sync::server::Reply;
use tacenda_shared::sync::{MAX_MESSAGE, MAX_MESSAGE_BEFORE_HELLO, Message, Refusal, RefusalCode};
use tokio::sync::{Semaphore, SemaphorePermit, broadcast, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::{timeout, timeout_at};

/// Within this time a link says who it is.
const HELLO: Duration = Duration::from_secs(5);
/// How long a link of a pairing may be quiet between two messages.
const MAILBOX_PATIENCE: Duration = Duration::from_secs(25);
/// Messages of one link that has not said who it is.
const MAX_ANONYMOUS: usize = 2048;
/// Founders with an open invite that may bring a long practice log at one time.
pub(crate) const MAX_FOUNDERS: usize = 4;
/// Memory for the requests of one device that are under way.
const DEVICE_KIBIBYTES: usize = 2048;
/// How long whoever finds a mailbox empty is left waiting for what comes.
const MAIL_WAIT: Duration = Duration::from_secs(2);
/// Mailboxes that something came into, and nobody who waits has heard of yet.
pub(crate) const MAX_POSTED: usize = 64;
/// Mailboxes that a stranger uses on one link: a pairing has one.
const MAX_MAILBOXES: usize = 2;
/// Messages of a stranger in one second, on average.
const ANONYMOUS_PER_SECOND: u32 = 5;

/// What all links share.
pub(crate) struct Shared {
    pub(crate) queue: Queue<Job>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) log: Arc<Log>,
    pub(crate) limits: Limits,
    pub(crate) links: AtomicU64,
    pub(crate) watch: Arc<Watch>,
    pub(crate) founders: Semaphore,
    pub(crate) allowances: Mutex<BTreeMap<(PracticeId, Signer), Weak<Allowance>>>,
    /// The mailboxes that something has just come into.
    pub(crate) posted: broadcast::Sender<u64>,
}

/// What one device, over all of its links, may still do.
pub(crate) struct Allowance {
    bucket: Mutex<Bucket>,
    kibibytes: Semaphore,
}

impl Allowance {
    fn new(requests_per_second: u32) -> Self {
        let bucket = Mutex::new(Bucket::new(requests_per_second, Instant::now()));
        Self { bucket, kibibytes: Semaphore::new(DEVICE_KIBIBYTES) }
    }

    fn takes_one(&self) -> bool {
        self.bucket.lock().unwrap_or_else(PoisonError::into_inner).take(Instant::now())
    }
}

/// Serves one arrival until its link ends or the server stops.
pub(crate) async fn serve(
    arrival: Arrival,
    mut place: Place,
    shared: Arc<Shared>,
    mut stopping: watch::Receiver<bool>,
) {
    let source = arrival.source();
    let Ok(link) = arrival.greet().await else { return shared.fail(source, "handshake") };
    let first = timeout(HELLO, first_message(&link));
    let (exchange, message) = tokio::select! {
        first = first => match first {
            Ok(Ok(first)) => first,
            Ok(Err(LinkError::Malformed(_))) => {
                link.end(Ending::Garbled);
                return shared.fail(source, "garbled");
            }
            Ok(Err(LinkError::Gone | LinkError::Slow)) | Err(_) => {
                link.end(Ending::Silent);
                return shared.fail(source, "no_hello");
            }
        },
        () = stopped(&mut stopping) => return link.end(Ending::Stopping),
    };
    let Some((exchange, message)) = shared.admit(exchange, message).await else {
        return link.end(Ending::Silent);
    };
    match message {
        Message::Hello { .. } | Message::Recover(_) => {
            serve_known(&shared, &link, exchange, message, (&mut place, source), stopping).await;
        }
        Message::Found { .. } | Message::MailboxPut { .. } | Message::MailboxGet { .. } => {
            serve_anonymous(&shared, &link, exchange, message, source, stopping).await;
        }
        _ => {
            let why = Refusal::new(RefusalCode::Malformed);
            turn_away(&shared, &link, exchange.sending, source, why).await;
        }
    }
}

/// Serves a device or a sheet, if it is one of a practice here.
async fn serve_known(
    shared: &Arc<Shared>,
    link: &Link,
    exchange: Exchange,
    first: Message,
    (place, source): (&mut Place, Source),
    stopping: watch::Receiver<bool>,
) {
    let outbox = Arc::new(Outbox::default());
    let number = shared.links.fetch_add(1, Ordering::Relaxed);
    let Exchange { mut sending, receiving } = exchange;
    let greeted = shared.greet(first, number, link, &outbox).await;
    let (who, welcome) = match greeted {
        None => return link.end(Ending::Stopping),
        Some(Err(why)) => return turn_away(shared, link, sending, source, why).await,
        Some(Ok(greeted)) => greeted,
    };
    place.settle();
    link.raise_limits();
    shared.log.note(Event::LinkOpened { practice: who.practice, by: who.by });
    let peer = Peer { who: Some((who.practice, who.by)), lane: Lane::Control };
    if shared.send(&mut sending, &peer, welcome).await.is_ok() {
        serve_device(shared, link, who, outbox, (sending, receiving), stopping).await;
    }
    shared.log.note(Event::LinkClosed { practice: who.practice, by: who.by });
    shared.put(Job::Farewell { who, link: number }, Class::Live, 0);
}

async fn first_message(link: &Link) -> Result<(Exchange, Message), LinkError> {
    let mut exchange = link.next_exchange().await.ok_or(LinkError::Gone)?;
    let message = exchange.receiving.message(MAX_MESSAGE_BEFORE_HELLO).await?;
    Ok((exchange, message))
}

/// Says why, and ends the link.
async fn turn_away(
    shared: &Shared,
    link: &Link,
    mut sending: Sending,
    source: Source,
    why: Refusal,
) {
    shared.fail(source, why.code.name());
    if shared.send(&mut sending, &STRANGER, Message::Refused(why)).await.is_ok() {
        sending.deliver().await;
    }
    link.end(Ending::Refused);
}

/// Answers a founder, or two devices that pair, on the one stream that they have.
async fn serve_anonymous(
    shared: &Shared,
    link: &Link,
    exchange: Exchange,
    first: Message,
    source: Source,
    mut stopping: watch::Receiver<bool>,
) {
    let Exchange { mut receiving, mut sending } = exchange;
    let mut next = Some(first);
    let mut stranger = Stranger::new();
    // Held only while a long log comes, and only by whoever has shown an open invite.
    let mut founder: Option<SemaphorePermit<'_>>;
    for _ in 0..MAX_ANONYMOUS {
        let Some(message) = next.take() else { break };
        let asks_first = matches!(&message, Message::Found { entries, .. } if entries.is_empty());
        let answer = match stranger.may(&message) {
            true => shared.ask_waiting(message, &mut stopping).await,
            false => Some(Message::Refused(Refusal::new(RefusalCode::TooOften))),
        };
        let Some(mut answer) = answer else { break };
        founder = None;
        if asks_first && answer == Message::Taken {
            founder = shared.founders.try_acquire().ok();
            if founder.is_none() {
                answer = Message::Refused(Refusal::new(RefusalCode::TooOften));
            }
        }
        if let Message::Refused(why) = &answer
            && matches!(why.code, RefusalCode::Admission | RefusalCode::Unsupported)
        {
            return turn_away(shared, link, sending, source, *why).await;
        }
        if shared.send(&mut sending, &STRANGER, answer).await.is_err() {
            break;
        }
        let limit = if founder.is_some() { MAX_MESSAGE } else { MAX_MESSAGE_BEFORE_HELLO };
        let read = timeout(MAILBOX_PATIENCE, receiving.message(limit));
        next = tokio::select! {
            read = read => read.ok().and_then(Result::ok),
            () = stopped(&mut stopping) => None,
        };
    }
    sending.deliver().await;
    link.end(Ending::Silent);
}

/// Serves a device: its live stream, and a task for each of its requests.
async fn serve_device(
    shared: &Arc<Shared>,
    link: &Link,
    who: Who,
    outbox: Arc<Outbox>,
    control: (Sending, Receiving),
    mut stopping: watch::Receiver<bool>,
) {
    let allowance = shared.allowance(who);
    let mut tasks = JoinSet::new();
    let peer = Peer { who: Some((who.practice, who.by)), lane: Lane::Live };
    shared.watch.listening(&peer, &outbox);
    let live = send_live(link.clone(), peer, outbox, &shared.watch);
    tokio::pin!(live);
    loop {
        tokio::select! {
            ending = &mut live => {
                link.end(ending);
                break;
            }
            exchange = link.next_exchange() => match exchange {
                Some(exchange) => {
                    let request = answer(Arc::clone(shared), who, exchange, Arc::clone(&allowance));
                    tasks.spawn(request);
                }
                None => break,
            },
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            () = stopped(&mut stopping) => {
                // What was asked is still answered; whoever stops the server bounds the time.
                while tasks.join_next().await.is_some() {}
                link.end(Ending::Stopping);
                break;
            }
        }
    }
    // Both halves stay open as long as the link: the device sees by them that it is welcome.
    drop(control);
}

/// Answers one request.
async fn answer(
    shared: Arc<Shared>,
    who: Who,
    exchange: Exchange,
    allowance: Arc<Allowance>,
) -> Result<(), LinkError> {
    let Exchange { mut receiving, mut sending } = exchange;
    let peer = Peer { who: Some((who.practice, who.by)), lane: shared.watch.request() };
    if !allowance.takes_one() {
        let why = Refusal::new(RefusalCode::TooOften);
        shared.send(&mut sending, &peer, Message::Refused(why)).await?;
        sending.finish();
        return Ok(());
    }
    let mut next = match request(&mut receiving, &allowance).await {
        Ok((message, bytes, _room)) => {
            shared.hear(&mut sending, (&peer, who), message, bytes).await?
        }
        Err(LinkError::Malformed(why)) => {
            let code = match why {
                CodecError::TooLong => RefusalCode::TooLarge,
                _ => RefusalCode::Malformed,
            };
            Some((Message::Refused(Refusal::new(code)), Reply::Nothing))
        }
        Err(error) => return Err(error),
    };
    while let Some((message, rest)) = next {
        shared.send(&mut sending, &peer, message).await?;
        next = match rest {
            Reply::Nothing => None,
            // The next part is read from the disk when this one is on its way.
            reply => shared.more(who, reply).await?,
        };
    }
    sending.finish();
    Ok(())
}

/// Reads a request, for which its device must have room.
async fn request<'a>(
    receiving: &mut Receiving,
    allowance: &'a Allowance,
) -> Result<(Message, usize, SemaphorePermit<'a>), LinkError> {
    let bytes = receiving.announced(MAX_MESSAGE).await?;
    let kibibytes = u32::try_from(bytes.div_ceil(1024)).unwrap_or(u32::MAX);
    let room = allowance.kibibytes.acquire_many(kibibytes).await.map_err(|_| LinkError::Gone)?;
    Ok((receiving.body(bytes).await?, bytes, room))
}

/// Waits until something may have come into a mailbox.
async fn comes(posted: &mut broadcast::Receiver<u64>, mailbox: u64) {
    while posted.recv().await.is_ok_and(|other| other != mailbox) {}
}

/// Waits until the server is told to stop.
async fn stopped(stopping: &mut watch::Receiver<bool>) {
    drop(stopping.wait_for(|stops| *stops).await);
}

/// Sends what others do, until the link has to end.
async fn send_live(link: Link, peer: Peer, outbox: Arc<Outbox>, watch: &Watch) -> Ending {
    let Ok(mut sending) = link.open_live().await else { return Ending::Silent };
    loop {
        let frames = match outbox.next().await {
            Outgoing::Behind => watch.live(&peer, Arc::new(Message::Behind.frame())).await,
            Outgoing::End => return Ending::Revoked,
            Outgoing::Fixed(bytes) => vec![bytes],
            Outgoing::HangUp => return Ending::Stopping,
            Outgoing::Frame(bytes) => watch.live(&peer, bytes).await,
        };
        for frame in frames {
            if sending.frame(&frame).await.is_err() {
                return Ending::Silent;
            }
        }
    }
}

/// What somebody may still do on a link who has not said who it is.
struct Stranger {
    bucket: Bucket,
    mailboxes: BTreeSet<u64>,
}

impl Stranger {
    fn new() -> Self {
        let bucket = Bucket::new(ANONYMOUS_PER_SECOND, Instant::now());
        Self { bucket, mailboxes: BTreeSet::new() }
    }

    fn may(&mut self, message: &Message) -> bool {
        if let Message::MailboxPut { mailbox, .. } | Message::MailboxGet { mailbox, .. } = message {
            self.mailboxes.insert(*mailbox);
        }
        self.bucket.take(Instant::now()) && self.mailboxes.len() <= MAX_MAILBOXES
    }
}

/// Somebody who has not said who it is.
const STRANGER: Peer = Peer { who: None, lane: Lane::Control };

impl Shared {
    fn fail(&self, source: Source, cause: &str) {
        self.gate.note_failure(source, Instant::now());
        self.log.note(Event::Failure { source: source.address(), cause });
    }

    /// Returns what all links of a device share.
    fn allowance(&self, who: Who) -> Arc<Allowance> {
        let mut all = self.allowances.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.get(&(who.practice, who.by)).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            all.retain(|_, allowance| allowance.strong_count() > 0);
            let allowance = Arc::new(Allowance::new(self.limits.requests_per_second));
            all.insert((who.practice, who.by), Arc::downgrade(&allowance));
            allowance
        })
    }

    fn put(&self, job: Job, class: Class, bytes: usize) {
        // A store that has ended drops the job, and with it the promise of an answer.
        let _dropped = self.queue.put(job, class, bytes);
    }

    async fn greet(
        &self,
        first: Message,
        number: u64,
        link: &Link,
        outbox: &Arc<Outbox>,
    ) -> Option<Result<(Who, Message), Refusal>> {
        let (answer, answered) = oneshot::channel();
        let (key, outbox) = (link.key(), Arc::clone(outbox));
        let greeting = Greeting { first, key, link: number, outbox, answer };
        self.put(Job::Greet(greeting), Class::Live, 0);
        answered.await.ok()
    }

    async fn ask_anonymous(&self, message: Message) -> Option<Message> {
        if !matches!(
            message,
            Message::Found { .. } | Message::MailboxPut { .. } | Message::MailboxGet { .. }
        ) {
            return Some(Message::Refused(Refusal::new(RefusalCode::Unsupported)));
        }
        let (answer, answered) = oneshot::channel();
        let mailbox = match &message {
            Message::MailboxPut { mailbox, .. } => Some(*mailbox),
            _ => None,
        };
        self.put(Job::Anonymous { message, answer }, Class::Live, 0);
        let answer = answered.await.ok()?;
        if let Some(mailbox) = mailbox.filter(|_| answer == Message::Taken) {
            // Most often somebody waits for it; nobody has to.
            let _nobody = self.posted.send(mailbox);
        }
        Some(answer)
    }

    /// The same, but whoever finds a mailbox empty waits a moment for what comes into it, so that
    /// nobody has to look again and again.
    async fn ask_waiting(
        &self,
        message: Message,
        stopping: &mut watch::Receiver<bool>,
    ) -> Option<Message> {
        let Message::MailboxGet { mailbox, .. } = message else {
            return self.ask_anonymous(message).await;
        };
        let mut posted = self.posted.subscribe();
        let until = tokio::time::Instant::now() + MAIL_WAIT;
        loop {
            let answer = self.ask_anonymous(message.clone()).await?;
            if answer != Message::Mail(Vec::new()) {
                return Some(answer);
            }
            tokio::select! {
                comes = timeout_at(until, comes(&mut posted, mailbox)) => match comes {
                    Ok(()) => {}
                    Err(_) => return Some(answer),
                },
                () = stopped(stopping) => return Some(answer),
            }
        }
    }

    async fn ask(&self, who: Who, message: Message, bytes: usize) -> Result<Answer, LinkError> {
        // An own device of the inviter uses the mailbox on its link.
        if matches!(message, Message::MailboxPut { .. } | Message::MailboxGet { .. }) {
            let answer = self.ask_anonymous(message).await.ok_or(LinkError::Gone)?;
            return Ok(Some((answer, Reply::Nothing)));
        }
        let (answer, answered) = oneshot::channel();
        let class = class_of(&message, bytes);
        self.put(Job::Ask(Request { who, message, answer }), class, bytes);
        answered.await.map_err(|_| LinkError::Gone)
    }

    /// Sends a message.
    async fn send(
        &self,
        sending: &mut Sending,
        peer: &Peer,
        message: Message,
    ) -> Result<(), LinkError> {
        for frame in self.watch.outgoing(peer, message).await {
            sending.frame(&frame).await?;
        }
        Ok(())
    }

    /// Lets the first message of a link in.
    async fn admit(&self, mut exchange: Exchange, first: Message) -> Option<(Exchange, Message)> {
        let (take, answers) = self.watch.incoming(&STRANGER, first).await;
        for frame in answers {
            exchange.sending.frame(&frame).await.ok()?;
        }
        take.into_iter().last().map(|message| (exchange, message))
    }

    /// Works on a request.
    async fn hear(
        &self,
        sending: &mut Sending,
        (peer, who): (&Peer, Who),
        message: Message,
        bytes: usize,
    ) -> Result<Answer, LinkError> {
        let (take, answers) = self.watch.incoming(peer, message).await;
        for frame in answers {
            sending.frame(&frame).await?;
        }
        let mut answer = None;
        for message in take {
            answer = self.ask(who, message, bytes).await?;
        }
        Ok(answer)
    }

    async fn more(&self, who: Who, reply: Reply) -> Result<Answer, LinkError> {
        let (answer, answered) = oneshot::channel();
        // Whoever catches up on a lot does not hold up those who write.
        self.put(Job::More { who, reply, answer }, Class::Bulk, 0);
        answered.await.map_err(|_| LinkError::Gone)
    }
}
