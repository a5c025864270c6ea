//! The way from a command to the process that has the vault open: a socket in a private folder,
//! one JSON object a line. Only the owner's own processes are heard.

use super::request::{LINE_BYTES_MAX, Reply, Request};
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// More commands at once than any script needs.
const CONNECTIONS_MAX: usize = 16;
/// How long a command may take to state its request.
const REQUEST_PATIENCE: Duration = Duration::from_secs(30);

/// A request and where its answer goes. Dropping the sender ends the answer.
#[derive(Debug)]
pub struct Asked {
    /// What is asked.
    pub request: Request,
    /// Where the lines go. Sending fails once the command is gone.
    pub replies: Sender<Reply>,
}

/// How long to wait after a connection could not be taken, for example since too many files are
/// open.
const PAUSE: Duration = Duration::from_millis(100);

/// Hears commands until it is dropped. Then answers that nobody has read yet are cut off, so that
/// no text waits in memory for a reader who has stopped.
#[derive(Debug)]
pub struct Listener {
    path: PathBuf,
    listener: UnixListener,
    answering: Arc<Mutex<Answering>>,
}

/// The answers on their way.
#[derive(Debug, Default)]
struct Answering {
    ended: bool,
    count: usize,
    next: u64,
    streams: BTreeMap<u64, UnixStream>,
}

impl Answering {
    fn of(shared: &Mutex<Self>) -> MutexGuard<'_, Self> {
        shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    /// Listens at `path`. The caller holds the vault's lock, so a socket that is already there
    /// belongs to nobody.
    pub fn bind(
        path: &Path,
        hear: impl Fn(Asked) -> bool + Send + Sync + 'static,
    ) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            crate::device::home::make_private_folder(folder)?;
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(path)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        let hear = Arc::new(hear);
        let answering = Arc::new(Mutex::new(Answering::default()));
        let (door, shared) = (listener.try_clone()?, Arc::clone(&answering));
        thread::Builder::new().name("commands".into()).spawn(move || {
            for stream in door.incoming() {
                if Answering::of(&shared).ended {
                    break;
                }
                match stream {
                    Ok(stream) => admit(stream, &hear, &shared),
                    Err(_) => thread::sleep(PAUSE),
                }
            }
        })?;
        Ok(Self { path: path.to_owned(), listener, answering })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut answering = Answering::of(&self.answering);
        answering.ended = true;
        for stream in std::mem::take(&mut answering.streams).into_values() {
            // A reader that has gone away needs no cutting off.
            let _gone = stream.shutdown(Shutdown::Both);
        }
        drop(answering);
        // Wakes the thread that waits for connections, which then ends.
        let _woken = rustix::net::shutdown(&self.listener, rustix::net::Shutdown::Both);
        // The next holder of the lock removes what this leaves behind.
        let _left = fs::remove_file(&self.path);
    }
}

/// Gives a command a thread of its own, unless there are too many.
fn admit<H>(stream: UnixStream, hear: &Arc<H>, shared: &Arc<Mutex<Answering>>)
where
    H: Fn(Asked) -> bool + Send + Sync + 'static,
{
    let mut answering = Answering::of(shared);
    if answering.count >= CONNECTIONS_MAX {
        return;
    }
    answering.count += 1;
    drop(answering);
    let (hear, own) = (Arc::clone(hear), Arc::clone(shared));
    let work = move || {
        // A command that went away needs no answer.
        let _gone = serve(&stream, hear.as_ref(), &own);
        let mut answering = Answering::of(&own);
        answering.count = answering.count.saturating_sub(1);
    };
    if thread::Builder::new().name("command".into()).spawn(work).is_err() {
        let mut answering = Answering::of(shared);
        answering.count = answering.count.saturating_sub(1);
    }
}

fn serve(
    stream: &UnixStream,
    hear: &(dyn Fn(Asked) -> bool + Send + Sync),
    shared: &Mutex<Answering>,
) -> io::Result<()> {
    let peer = rustix::net::sockopt::socket_peercred(stream)?;
    if peer.uid != rustix::process::getuid() {
        return Ok(());
    }
    stream.set_read_timeout(Some(REQUEST_PATIENCE))?;
    let mut line = Vec::new();
    let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
    BufReader::new(stream).take(limit).read_until(b'\n', &mut line)?;
    let request: Request = serde_json::from_slice(&line).map_err(io::Error::other)?;
    drop(line);
    // The answer to a lock holds nothing, and comes when everything else is cut off.
    let number = match &request {
        Request::Lock => None,
        _ => {
            let mut answering = Answering::of(shared);
            if answering.ended {
                return Ok(());
            }
            let number = answering.next;
            answering.next += 1;
            answering.streams.insert(number, stream.try_clone()?);
            Some(number)
        }
    };
    let (replies, answer) = channel();
    let sent = if hear(Asked { request, replies }) { send_all(stream, &answer) } else { Ok(()) };
    if let Some(number) = number {
        Answering::of(shared).streams.remove(&number);
    }
    sent
}

fn send_all(mut stream: &UnixStream, answer: &Receiver<Reply>) -> io::Result<()> {
    while let Ok(reply) = answer.recv() {
        let mut line = serde_json::to_vec(&reply).map_err(io::Error::other)?;
        line.push(b'\n');
        stream.write_all(&line)?;
    }
    Ok(())
}

/// Sends a request to the process that has the vault open and hands on each line of its answer.
pub fn ask(
    path: &Path,
    request: &Request,
    mut each: impl FnMut(Reply) -> io::Result<()>,
) -> io::Result<()> {
    let mut stream = UnixStream::connect(path)?;
    let mut line = serde_json::to_vec(request).map_err(io::Error::other)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut reader = BufReader::new(stream);
    let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
    loop {
        let mut line = Vec::new();
        if reader.by_ref().take(limit).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        each(serde_json::from_slice(&line).map_err(io::Error::other)?)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_reaches_the_open_vault_and_reads_its_lines() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp/socket");
        let path = folder.join("socket");
        let listener = Listener::bind(&path, |asked| {
            assert!(matches!(asked.request, Request::ClientList));
            let line = Reply::Line { json: serde_json::json!({"a": 1}), text: "a".into() };
            asked.replies.send(line).is_ok() && asked.replies.send(Reply::Done).is_ok()
        })
        .unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);

        let mut answer = Vec::new();
        ask(&path, &Request::ClientList, |reply| {
            answer.push(reply);
            Ok(())
        })
        .unwrap();

        assert!(matches!(answer.as_slice(), [Reply::Line { .. }, Reply::Done]));
        drop(listener);
        assert!(!path.exists());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_reader_that_has_stopped_holds_nothing_back_once_the_vault_is_locked() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp/socket-stopped");
        let path = folder.join("socket");
        let (given, taken) = channel();
        let token = Arc::new(());
        let held = Arc::clone(&token);
        let listener = Listener::bind(&path, move |asked| {
            let _held = &held;
            given.send(asked.replies).is_ok()
        })
        .unwrap();
        let mut reader = UnixStream::connect(&path).unwrap();
        reader.write_all(b"{\"do\":\"client-list\"}\n").unwrap();
        let replies = taken.recv().unwrap();
        let line = Reply::Line { json: serde_json::json!("x".repeat(1 << 16)), text: "x".into() };
        for _ in 0..64 {
            replies.send(line.clone()).unwrap();
        }

        drop(listener);

        // Both threads end: the one that writes to nobody, and the one that waits for commands.
        while replies.send(Reply::Done).is_ok() || Arc::strong_count(&token) > 1 {
            thread::yield_now();
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn the_answer_to_a_lock_comes_when_the_listener_is_gone() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/tmp/socket-lock");
        let path = folder.join("socket");
        let (given, taken) = channel::<Asked>();
        let listener = Listener::bind(&path, move |asked| given.send(asked).is_ok()).unwrap();
        let keeper = thread::spawn(move || {
            let asked = taken.recv().unwrap();
            drop(listener);
            asked.replies.send(Reply::Done).unwrap();
        });

        let mut answer = Vec::new();
        ask(&path, &Request::Lock, |reply| {
            answer.push(reply);
            Ok(())
        })
        .unwrap();

        assert!(matches!(answer.as_slice(), [Reply::Done]));
        keeper.join().unwrap();
        fs::remove_dir_all(folder).unwrap();
    }
}
