//! A running server: bound, serving, stopped in order.

use crate::admission::Invites;
use crate::chance::now;
use crate::config::Config;
use crate::endpoint::Door;
use crate::folder::{Folder, FolderError, Lock};
use crate::gate::{Admission, Gate};
use crate::identity::{Identity, IdentityError};
use crate::link::{self, Shared};
use crate::log::{Event, Log};
use crate::queue::{Queue, Taken};
use crate::store::{RealDisk, Store, StoreError};
use crate::tamper::{Tamper, Watch};
use crate::tls::{self, TlsError};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tacenda_shared::journal::index::Index;
use tacenda_shared::suite::VerifyingKey;
use thiserror::Error;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, broadcast, oneshot, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long requests that are under way may take once the server stops.
const DRAIN: Duration = Duration::from_secs(5);
/// How long links are waited for to hear of the end.
const LAST_WORD: Duration = Duration::from_secs(1);
/// Threads that move bytes and compute handshakes.
const THREADS: usize = 2;

/// Why a server did not start.
#[derive(Debug, Error)]
pub enum BindError {
    /// No address could be had.
    #[error("cannot listen on {0}")]
    Address(String, #[source] io::Error),
    /// The disk failed while journals were put in order; what was acknowledged is safe.
    #[error("the disk failed")]
    Disk,
    /// The folder cannot be used.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// There is no key to work with.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The operating system refused.
    #[error("the operating system refused")]
    System(#[from] io::Error),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Why a server ended before it was told to.
#[derive(Debug, Error)]
pub enum RunError {
    /// The disk failed: nothing more was acknowledged; what was, is safe.
    #[error("the disk failed; what was acknowledged is safe, nothing more is taken")]
    Disk,
    /// The thread that keeps the journals is gone.
    #[error("the thread that keeps the journals has ended")]
    Store,
}

/// What only code can ask of a server.
#[derive(Debug, Default)]
pub struct Options {
    /// Stands between the server and its devices; none in service.
    pub tamper: Option<Arc<dyn Tamper>>,
}

/// A server that has its socket and its journals open.
pub struct Server {
    runtime: Runtime,
    door: Door,
    shared: Arc<Shared>,
    pin: VerifyingKey,
    store: StoreThread,
    store_ended: oneshot::Receiver<()>,
    /// Dropped last: the folder is free only when its journals are closed.
    _lock: Lock,
}

impl Server {
    /// Takes the folder's lock, rebuilds everything from its journals, and binds the socket. The
    /// server has a runtime of its own, so this and [`Server::run`] are not called inside one.
    ///
    /// # Errors
    /// See [`BindError`].
    pub fn bind(config: &Config, folder: &Path) -> Result<Self, BindError> {
        Self::bind_with(config, folder, Options::default())
    }

    /// Like [`Server::bind`], with options that only code can give.
    ///
    /// # Errors
    /// See [`BindError`].
    pub fn bind_with(config: &Config, folder: &Path, options: Options) -> Result<Self, BindError> {
        let watch = Arc::new(Watch::new(options.tamper));
        let folder = Folder::at(folder);
        let lock = folder.lock()?;
        let identity = Identity::load(&folder)?;
        let log = Arc::new(Log::new());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(THREADS)
            .enable_all()
            .build()?;
        let addresses = config.listen_candidates();
        let entered = runtime.enter();
        let door = Door::bind(tls::server_config(identity.seed())?, identity.seed(), &addresses);
        drop(entered);
        let named = || addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let door = door.map_err(|error| BindError::Address(named(), error))?;

        let mut store = Store::open(
            RealDisk::new(folder.clone()),
            &folder.list_practices()?,
            identity.seed(),
            config.limits,
            Index::open(&folder.index()),
            (Invites::of(&folder), Arc::clone(&log), Arc::clone(&watch)),
        );
        store.collect(now()).map_err(|_| BindError::Disk)?;
        if let Some(kind) = folder.loses_data() {
            log.note(Event::NotDurable { kind });
        }
        for practice in store.refilling() {
            log.note(Event::Refilling { practice });
        }
        log.note(Event::Started { practices: store.served() });
        let shared = Arc::new(Shared {
            queue: Queue::new(),
            gate: Arc::new(Gate::new(config.limits)),
            log,
            limits: config.limits,
            links: AtomicU64::new(1),
            watch,
            founders: Semaphore::new(link::MAX_FOUNDERS),
            allowances: Mutex::default(),
            posted: broadcast::Sender::new(link::MAX_POSTED),
        });
        let (ended, store_ended) = oneshot::channel();
        let store = StoreThread::spawn(store, Arc::clone(&shared), ended)?;
        let pin = identity.pin();
        Ok(Self { runtime, door, shared, pin, store, store_ended, _lock: lock })
    }

    /// Returns the address that the server listens on.
    ///
    /// # Errors
    /// Whatever the operating system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.door.local_addr()
    }

    /// Returns the key by which devices know this server.
    pub fn pin(&self) -> VerifyingKey {
        self.pin
    }

    /// Serves until `shutdown` is done; then answers what was asked, for at most five seconds,
    /// and closes the journals.
    ///
    /// # Errors
    /// See [`RunError`].
    pub fn run(self, shutdown: impl Future<Output = ()>) -> Result<(), RunError> {
        let Self { runtime, door, shared, mut store, mut store_ended, _lock, .. } = self;
        runtime.block_on(async {
            let (stop, stopping) = watch::channel(false);
            let mut links = JoinSet::new();
            tokio::select! {
                () = accept(&door, &shared, &stopping, &mut links) => {}
                () = shutdown => {}
                _ = &mut store_ended => {}
            }
            door.stop_accepting();
            stop.send_replace(true);
            let _late = timeout(DRAIN, async { while links.join_next().await.is_some() {} }).await;
            links.abort_all();
            let _late = timeout(LAST_WORD, door.close()).await;
        });
        let ended = store.end();
        runtime.shutdown_background();
        shared.log.note(Event::Stopped);
        ended
    }
}

/// Lets in who may come in.
async fn accept(
    door: &Door,
    shared: &Arc<Shared>,
    stopping: &watch::Receiver<bool>,
    links: &mut JoinSet<()>,
) {
    while let Some(arrival) = door.next().await {
        let (source, now) = (arrival.source(), Instant::now());
        match shared.gate.ask(source, arrival.has_proven_address(), now) {
            Admission::Enter => {
                let place = shared.gate.enter(source, now);
                links.spawn(link::serve(arrival, place, Arc::clone(shared), stopping.clone()));
            }
            Admission::Prove => arrival.ask_for_proof(),
            Admission::Refuse => arrival.refuse(),
        }
        while links.try_join_next().is_some() {}
    }
}

/// The thread with the journals. It ends, and closes them, at the latest when this is dropped.
struct StoreThread {
    shared: Arc<Shared>,
    handle: Option<JoinHandle<Result<(), StoreError>>>,
}

impl StoreThread {
    fn spawn(
        store: Store<RealDisk>,
        shared: Arc<Shared>,
        ended: oneshot::Sender<()>,
    ) -> io::Result<Self> {
        let own = Arc::clone(&shared);
        let handle = std::thread::Builder::new().name("store".to_owned()).spawn(move || {
            // Also when the thread panics, nobody may wait for it.
            let _closing = Closing(&own.queue);
            let outcome = store.run(&own.queue);
            let _told = ended.send(());
            outcome
        })?;
        Ok(Self { shared, handle: Some(handle) })
    }

    /// Lets the thread finish what is queued, and waits for it.
    fn end(&mut self) -> Result<(), RunError> {
        self.shared.queue.close();
        match self.handle.take().map(JoinHandle::join) {
            None | Some(Ok(Ok(()))) => Ok(()),
            Some(Ok(Err(StoreError::Disk(_)))) => Err(RunError::Disk),
            Some(Err(_)) => Err(RunError::Store),
        }
    }
}

impl Drop for StoreThread {
    fn drop(&mut self) {
        let _ended = self.end();
    }
}

/// Closes a queue, and with it every promise of an answer in it.
struct Closing<'a, T>(&'a Queue<T>);

impl<T> Drop for Closing<'_, T> {
    fn drop(&mut self) {
        self.0.close();
        while matches!(self.0.take(usize::MAX, None), Taken::Group(_)) {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scratch::Scratch;

    #[test]
    fn a_server_that_is_dropped_leaves_its_folder_free() {
        let scratch = Scratch::new("server");
        let path = scratch.path().join("server");
        let folder = Folder::at(&path);
        folder.create().unwrap();
        Identity::create(&folder).unwrap();
        std::fs::write(folder.config(), Config::template(&[])).unwrap();
        let loopback = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        let config = Config { listen: loopback, ..Config::default() };

        let first = Server::bind(&config, &path).unwrap();
        let while_open = Server::bind(&config, &path).map(|server| server.pin());
        assert!(matches!(while_open, Err(BindError::Folder(FolderError::InUse))));
        let pin = first.pin();
        drop(first);

        let again = Server::bind(&config, &path).unwrap();
        assert_eq!(again.pin(), pin);
        assert!(again.run(async {}).is_ok());
    }
}
