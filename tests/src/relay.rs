//! A wire that can be listened to: carries datagrams between devices and a server, and keeps all.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// Longer than any datagram.
const DATAGRAM: usize = 65_536;
/// How often the relay looks whether it shall end.
const LOOK: Duration = Duration::from_millis(20);

/// Every datagram of both directions, one after the other.
type Heard = Arc<Mutex<Vec<Vec<u8>>>>;

/// A relay. It ends with this.
pub struct Relay {
    address: SocketAddr,
    heard: Heard,
    ended: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Relay {
    /// Starts to carry between whoever speaks to it and this server.
    pub fn to(server: &str) -> Self {
        let server: SocketAddr = server.parse().expect("an address");
        let outside = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let address = outside.local_addr().expect("its number");
        let (heard, ended) = (Heard::default(), Arc::new(AtomicBool::new(false)));
        let (own, stop) = (Arc::clone(&heard), Arc::clone(&ended));
        let thread = thread::spawn(move || carry(&outside, server, &own, &stop));
        Self { address, heard, ended, threads: vec![thread] }
    }

    /// Returns where devices find the relay.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Returns what was on the wire so far.
    pub fn heard(&self) -> Vec<Vec<u8>> {
        self.heard.lock().expect("what was heard").clone()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::SeqCst);
        for thread in self.threads.drain(..) {
            let _ended = thread.join();
        }
    }
}

fn note(heard: &Heard, datagram: &[u8]) {
    heard.lock().expect("what was heard").push(datagram.to_vec());
}

/// Carries up; each device gets a socket of its own, by which the answers find back.
fn carry(outside: &UdpSocket, server: SocketAddr, heard: &Heard, ended: &Arc<AtomicBool>) {
    outside.set_read_timeout(Some(LOOK)).expect("a limit");
    let mut sockets: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
    let mut threads = Vec::new();
    let mut buffer = vec![0; DATAGRAM];
    while !ended.load(Ordering::SeqCst) {
        let (length, device) = match outside.recv_from(&mut buffer) {
            Ok(came) => came,
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(_) => break,
        };
        note(heard, &buffer[..length]);
        let socket = Arc::clone(sockets.entry(device).or_insert_with(|| {
            let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").expect("a port"));
            socket.connect(server).expect("the server");
            let (back, outside) = (Arc::clone(&socket), outside.try_clone().expect("a copy"));
            let (heard, ended) = (Arc::clone(heard), Arc::clone(ended));
            threads.push(thread::spawn(move || answer(&back, &outside, device, &heard, &ended)));
            socket
        }));
        // A datagram that is lost comes again.
        let _lost = socket.send(&buffer[..length]);
    }
    for thread in threads {
        let _ended = thread.join();
    }
}

/// Carries down.
fn answer(
    back: &UdpSocket,
    outside: &UdpSocket,
    device: SocketAddr,
    heard: &Heard,
    ended: &AtomicBool,
) {
    back.set_read_timeout(Some(LOOK)).expect("a limit");
    let mut buffer = vec![0; DATAGRAM];
    while !ended.load(Ordering::SeqCst) {
        if let Ok(length) = back.recv(&mut buffer) {
            note(heard, &buffer[..length]);
            let _lost = outside.send_to(&buffer[..length], device);
        }
    }
}
