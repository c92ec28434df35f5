//! An app that answers everything with nothing, as cheaply as it can, on a thread for each connection.
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;

/// Starts it; its threads end with the program.
pub(crate) fn start() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            thread::spawn(move || serve(&socket.unwrap()));
        }
    });
    address
}

fn serve(socket: &TcpStream) {
    let mut writer = socket;
    for line in BufReader::new(socket).lines().map_while(Result::ok) {
        if line.is_empty() && writer.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").is_err() {
            return;
        }
    }
}
