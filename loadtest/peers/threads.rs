//! The design that gchat outdoes: a thread for each client, and a mutex around all of them.
//!
//!     threads PORT
//!
//! A line of one client appears at all the others as `ADDRESS:PORT: line`. Whoever speaks writes
//! to everybody else's socket, one after the other, with the mutex held.

use std::collections::HashMap;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

type Clients = Arc<Mutex<HashMap<SocketAddr, TcpStream>>>;

/// Bytes of a thread's stack: it needs little, and there may be thousands.
const STACK: usize = 64 * 1024;

fn broadcast(clients: &Clients, sender: SocketAddr, line: &[u8]) {
    let mut message = format!("{sender}: ").into_bytes();
    message.extend_from_slice(line);
    for (address, stream) in clients.lock().unwrap().iter_mut() {
        if *address != sender {
            // One that is gone is removed by its own thread.
            let _ = stream.write_all(&message);
        }
    }
}

fn serve(stream: TcpStream, address: SocketAddr, clients: Clients) {
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => break,
            Ok(1) => continue, // an empty line
            Ok(_) => broadcast(&clients, address, &line),
        }
    }
    clients.lock().unwrap().remove(&address);
}

fn main() -> std::io::Result<()> {
    let port = env::args().nth(1).expect("usage: threads PORT");
    let listener = TcpListener::bind(format!("127.0.0.1:{port}"))?;
    let clients = Clients::default();
    for stream in listener.incoming() {
        let stream = stream?;
        let address = stream.peer_addr()?;
        stream.set_nodelay(true)?;
        clients.lock().unwrap().insert(address, stream.try_clone()?);
        let clients = Arc::clone(&clients);
        thread::Builder::new()
            .stack_size(STACK)
            .spawn(move || serve(stream, address, clients))?;
    }
    Ok(())
}
