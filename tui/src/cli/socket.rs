//! The way from a command to the process that has the vault open: a socket in a private folder,
//! one JSON object a line. Only the owner's own processes are heard.

use super::request::{LINE_BYTES_MAX, Reply, Request};
use std::fs;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
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

/// Hears commands until it is dropped.
#[derive(Debug)]
pub struct Listener {
    path: PathBuf,
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
        let open = Arc::new(AtomicUsize::new(0));
        thread::Builder::new().name("commands".into()).spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { continue };
                if open.fetch_add(1, Ordering::SeqCst) >= CONNECTIONS_MAX {
                    open.fetch_sub(1, Ordering::SeqCst);
                    continue;
                }
                let (hear, open) = (Arc::clone(&hear), Arc::clone(&open));
                let serve = move || {
                    // A command that went away needs no answer.
                    let _gone = serve(stream, hear.as_ref());
                    open.fetch_sub(1, Ordering::SeqCst);
                };
                if thread::Builder::new().name("command".into()).spawn(serve).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { path: path.to_owned() })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // The next holder of the lock removes what this leaves behind.
        let _left = fs::remove_file(&self.path);
    }
}

fn serve(stream: UnixStream, hear: &(dyn Fn(Asked) -> bool + Send + Sync)) -> io::Result<()> {
    let peer = rustix::net::sockopt::socket_peercred(&stream)?;
    if peer.uid != rustix::process::getuid() {
        return Ok(());
    }
    stream.set_read_timeout(Some(REQUEST_PATIENCE))?;
    let mut line = Vec::new();
    let limit = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
    BufReader::new(&stream).take(limit).read_until(b'\n', &mut line)?;
    let request: Request = serde_json::from_slice(&line).map_err(io::Error::other)?;
    let (replies, answer) = channel();
    if !hear(Asked { request, replies }) {
        return Ok(());
    }
    send_all(&stream, &answer)
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
}
