//! The cable between the demo's first device and its server: a relay of datagrams that can be cut
//! and mended. It sees what anybody on the way sees: encrypted packets.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Larger than any datagram of QUIC on loopback.
const DATAGRAM: usize = 65_536;
/// A way back that is quiet for so long is given up.
const QUIET: Duration = Duration::from_secs(60);

/// A cable. It lies as long as the process lives.
pub(super) struct Cable {
    /// Where the device finds it.
    pub(super) address: String,
    is_out: Arc<AtomicBool>,
}

impl Cable {
    /// Lays a cable to the server.
    pub(super) fn lay(server: &str) -> io::Result<Self> {
        let server: SocketAddr =
            server.parse().map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        let front = Arc::new(UdpSocket::bind("127.0.0.1:0")?);
        let address = front.local_addr()?.to_string();
        let is_out = Arc::new(AtomicBool::new(false));
        let cut = Arc::clone(&is_out);
        thread::Builder::new().name("cable".into()).spawn(move || forth(&front, server, &cut))?;
        Ok(Self { address, is_out })
    }

    /// Puts the cable in, or pulls it.
    pub(super) fn set(&self, is_in: bool) {
        self.is_out.store(!is_in, Ordering::Relaxed);
    }
}

/// Carries datagrams to the server, each sender's from a socket of its own.
fn forth(front: &Arc<UdpSocket>, server: SocketAddr, is_out: &Arc<AtomicBool>) {
    let mut ways: BTreeMap<SocketAddr, Arc<UdpSocket>> = BTreeMap::new();
    let mut bytes = vec![0; DATAGRAM];
    while let Ok((length, sender)) = front.recv_from(&mut bytes) {
        if is_out.load(Ordering::Relaxed) {
            continue;
        }
        // A way back that was given up is laid anew.
        ways.retain(|_, way| Arc::strong_count(way) > 1);
        let way = match ways.get(&sender) {
            Some(way) => Arc::clone(way),
            None => match lay_back(front, server, sender, is_out) {
                Ok(way) => {
                    ways.insert(sender, Arc::clone(&way));
                    way
                }
                Err(_) => continue,
            },
        };
        // A datagram that cannot be sent is lost, as datagrams are.
        let _lost = way.send(bytes.get(..length).unwrap_or_default());
    }
}

/// Opens the way of one sender, with a thread that carries what comes back.
fn lay_back(
    front: &Arc<UdpSocket>,
    server: SocketAddr,
    sender: SocketAddr,
    is_out: &Arc<AtomicBool>,
) -> io::Result<Arc<UdpSocket>> {
    let way = Arc::new(UdpSocket::bind("127.0.0.1:0")?);
    way.connect(server)?;
    way.set_read_timeout(Some(QUIET))?;
    let (own, front, is_out) = (Arc::clone(&way), Arc::clone(front), Arc::clone(is_out));
    thread::Builder::new().name("cable-back".into()).spawn(move || {
        let mut bytes = vec![0; DATAGRAM];
        loop {
            match own.recv(&mut bytes) {
                Ok(_) if is_out.load(Ordering::Relaxed) => {}
                Ok(length) => {
                    let _lost = front.send_to(bytes.get(..length).unwrap_or_default(), sender);
                }
                // A server that is not there yet answers with an error that passes.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Err(_) => return,
            }
        }
    })?;
    Ok(way)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(device: &UdpSocket, word: &[u8]) -> Option<Vec<u8>> {
        device.send(word).unwrap();
        let mut bytes = [0; 64];
        let length = device.recv(&mut bytes).ok()?;
        Some(bytes[..length].to_vec())
    }

    #[test]
    fn a_cable_carries_both_ways_and_nothing_while_it_is_out() {
        let server = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = server.local_addr().unwrap().to_string();
        thread::spawn(move || {
            let mut bytes = [0; 64];
            while let Ok((length, from)) = server.recv_from(&mut bytes) {
                server.send_to(&bytes[..length], from).unwrap();
            }
        });
        let cable = Cable::lay(&address).unwrap();
        let device = UdpSocket::bind("127.0.0.1:0").unwrap();
        device.connect(&cable.address).unwrap();
        device.set_read_timeout(Some(Duration::from_secs(20))).unwrap();

        assert_eq!(ask(&device, b"before"), Some(b"before".to_vec()));
        cable.set(false);
        device.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        assert_eq!(ask(&device, b"lost"), None);
        cable.set(true);
        device.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert_eq!(ask(&device, b"after"), Some(b"after".to_vec()));
    }
}
