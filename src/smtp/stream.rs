//! Effect: the bytes to and from the relay: NODELAY, a limit on every wait, one write per packet of commands.

use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::reply::{Garbage, LINE, ReplyLines};
use super::tls::TlsContext;
use crate::model::reply::{Cause, Reply};

/// Room for what the relay said and nobody has read yet; also the longest line.
const ROOM: usize = 2 * LINE;

enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
    /// Between plain and TLS, and after a failed handshake.
    Gone,
}

pub(super) struct Stream {
    socket: Socket,
    input: Box<[u8; ROOM]>,
    start: usize,
    end: usize,
}

/// How a body's writing ended short of the end.
#[derive(Debug)]
pub(super) struct WriteStopped {
    pub(super) cause: Cause,
    /// Every byte was handed to the socket before it failed.
    pub(super) all_taken: bool,
}

enum Step {
    Wrote(io::Result<usize>),
    Spoke,
}

impl Stream {
    pub(super) async fn connect(host: &str, port: u16, limit: Duration) -> Result<Stream, Cause> {
        let connecting = TcpStream::connect((host, port));
        let socket = tokio::time::timeout(limit, connecting)
            .await
            .map_err(|_| Cause::Timeout)?
            .map_err(|_| Cause::Io)?;
        socket.set_nodelay(true).map_err(|_| Cause::Io)?;
        Ok(Stream { socket: Socket::Plain(socket), input: Box::new([0; ROOM]), start: 0, end: 0 })
    }

    /// Both ends of the connection; none where the system cannot say.
    pub(super) fn ends(&self) -> Option<(std::net::IpAddr, std::net::IpAddr)> {
        let socket = match &self.socket {
            Socket::Plain(socket) => socket,
            Socket::Tls(tls) => tls.get_ref().0,
            Socket::Gone => return None,
        };
        Some((socket.local_addr().ok()?.ip(), socket.peer_addr().ok()?.ip()))
    }

    /// Whether the relay said more than was asked.
    pub(super) fn has_unread(&self) -> bool {
        self.start < self.end
    }

    /// As [`Stream::has_unread`], after a look at the socket that does not wait.
    pub(super) async fn spoke_unasked(&mut self) -> bool {
        if self.has_unread() {
            return true;
        }
        poll_fn(|cx| {
            // An end or error is seen by the next read or write; only bytes count here.
            let _ = self.poll_fill(cx);
            Poll::Ready(())
        })
        .await;
        self.has_unread()
    }

    pub(super) async fn upgrade(
        &mut self,
        tls: &TlsContext,
        host: &str,
        limit: Duration,
    ) -> Result<(), Cause> {
        if self.has_unread() {
            return Err(Cause::Protocol);
        }
        let Socket::Plain(socket) = std::mem::replace(&mut self.socket, Socket::Gone) else {
            return Err(Cause::Tls);
        };
        let shaken = tokio::time::timeout(limit, tls.connect(host, socket)).await;
        let socket = shaken.map_err(|_| Cause::Timeout)?.map_err(|_| Cause::Tls)?;
        self.socket = Socket::Tls(Box::new(socket));
        Ok(())
    }

    /// Writes one packet of commands.
    pub(super) async fn send(&mut self, bytes: &[u8], limit: Duration) -> Result<(), Cause> {
        self.write(bytes, limit, false).await.map_err(|stopped| stopped.cause)
    }

    /// Writes a message up to and with its final dot; `limit` is for each block that the socket takes. A relay that
    /// speaks before the end has answered something else: [`Cause::Protocol`], its words are left to be read.
    pub(super) async fn send_body(&mut self, bytes: &[u8], limit: Duration) -> Result<(), WriteStopped> {
        self.write(bytes, limit, true).await
    }

    async fn write(&mut self, bytes: &[u8], limit: Duration, listen: bool) -> Result<(), WriteStopped> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let stop = |cause| WriteStopped { cause, all_taken: false };
            let step = tokio::time::timeout(limit, poll_fn(|cx| self.poll_write(cx, rest, listen))).await;
            match step.map_err(|_| stop(Cause::Timeout))? {
                Step::Wrote(Ok(0)) | Step::Wrote(Err(_)) => return Err(stop(Cause::Io)),
                Step::Wrote(Ok(taken)) => rest = rest.get(taken..).unwrap_or_default(),
                Step::Spoke => return Err(stop(Cause::Protocol)),
            }
        }
        // Under TLS the last record may still lie here.
        let flushed = tokio::time::timeout(limit, poll_fn(|cx| self.poll_flush(cx))).await;
        let stop = |cause| WriteStopped { cause, all_taken: true };
        flushed.map_err(|_| stop(Cause::Timeout))?.map_err(|_| stop(Cause::Io))
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8], listen: bool) -> Poll<Step> {
        let written = match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Socket::Tls(socket) => Pin::new(socket).poll_write(cx, bytes),
            Socket::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        };
        if let Poll::Ready(result) = written {
            return Poll::Ready(Step::Wrote(result));
        }
        if listen && matches!(self.poll_fill(cx), Poll::Ready(Ok(n)) if n > 0) {
            return Poll::Ready(Step::Spoke);
        }
        Poll::Pending
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Socket::Tls(socket) => Pin::new(socket).poll_flush(cx),
            Socket::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.start > 0 {
            self.input.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        let Some(room) = self.input.get_mut(self.end..).filter(|room| !room.is_empty()) else {
            return Poll::Ready(Ok(0));
        };
        let mut room = ReadBuf::new(room);
        let read = match &mut self.socket {
            Socket::Plain(socket) => Pin::new(socket).poll_read(cx, &mut room),
            Socket::Tls(socket) => Pin::new(socket).poll_read(cx, &mut room),
            Socket::Gone => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        };
        let got = room.filled().len();
        read.map_ok(|()| {
            self.end += got;
            got
        })
    }

    /// Reads one reply, all its lines within `limit`. `each` is shown every line's text.
    pub(super) async fn read_reply(
        &mut self,
        limit: Duration,
        each: &mut dyn FnMut(&[u8]),
    ) -> Result<Reply, Cause> {
        tokio::time::timeout(limit, self.read_lines(each)).await.map_err(|_| Cause::Timeout)?
    }

    async fn read_lines(&mut self, each: &mut dyn FnMut(&[u8])) -> Result<Reply, Cause> {
        let mut lines = ReplyLines::default();
        loop {
            while let Some(line) = self.next_line() {
                let line = self.input.get(line).unwrap_or_default();
                match lines.take(line, each) {
                    Ok(Some(reply)) => return Ok(reply),
                    Ok(None) => {}
                    Err(Garbage) => return Err(Cause::Protocol),
                }
            }
            if self.end - self.start > LINE {
                return Err(Cause::Protocol);
            }
            match poll_fn(|cx| self.poll_fill(cx)).await {
                Ok(0) | Err(_) => return Err(Cause::Io),
                Ok(_) => {}
            }
        }
    }

    /// The next whole line's place in the input, without CRLF (a lone LF ends a line too).
    fn next_line(&mut self) -> Option<std::ops::Range<usize>> {
        let unread = self.input.get(self.start..self.end)?;
        let length = unread.iter().position(|byte| *byte == b'\n')?;
        let start = self.start;
        self.start += length + 1;
        let ends_in_cr = length > 0 && unread.get(length - 1) == Some(&b'\r');
        Some(start..start + length - usize::from(ends_in_cr))
    }

    /// Ends TLS politely where it is on; errors do not matter any more.
    pub(super) async fn close(mut self, limit: Duration) {
        use tokio::io::AsyncWriteExt;
        if let Socket::Tls(socket) = &mut self.socket {
            let _ = tokio::time::timeout(limit, socket.shutdown()).await;
        }
    }
}
