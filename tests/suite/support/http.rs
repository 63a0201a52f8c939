//! One request on a connection of its own, for pages that the built binary serves.

use std::io::{Read, Result, Write};
use std::net::TcpStream;

/// The whole answer, head and body; an error where nobody listens.
pub fn ask(port: u16, method: &str, path: &str, form: &str) -> Result<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    let length = form.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {length}\r\n\r\n{form}"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
