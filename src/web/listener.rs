//! Effect: connections that end: each is bounded in number, in silence and in length of life.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::ConnectInfo;
use axum::extract::connect_info::Connected;
use axum::http::HeaderMap;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant as Tick, Sleep, sleep};

use crate::model::network::{Network, client};

/// Open connections at a time; more wait in the system's queue.
const CONNECTIONS: usize = 512;
/// Silence after which a connection is dropped.
const SILENCE: Duration = Duration::from_secs(10);
/// Longest life of a connection: one that drips its headers byte by byte ends here.
const LIFE: Duration = Duration::from_secs(60);

pub(super) struct Bounded {
    listener: TcpListener,
    places: Arc<Semaphore>,
}

impl Bounded {
    pub(super) fn new(listener: TcpListener) -> Bounded {
        Bounded { listener, places: Arc::new(Semaphore::new(CONNECTIONS)) }
    }
}

impl Listener for Bounded {
    type Io = Watched;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Watched, SocketAddr) {
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        // axum's own accept on a TCP listener waits and goes on when the system is out of handles.
        let (stream, from) = Listener::accept(&mut self.listener).await;
        let watched =
            Watched { stream, silence: Box::pin(sleep(SILENCE)), life: Box::pin(sleep(LIFE)), _place: place };
        (watched, from)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Whoever opened the connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

impl Connected<IncomingStream<'_, Bounded>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Bounded>) -> Peer {
        Peer(*stream.remote_addr())
    }
}

/// Whose request it is, behind the proxies that are believed.
pub(super) fn client_of(
    peer: Option<ConnectInfo<Peer>>,
    headers: &HeaderMap,
    believed: &[Network],
) -> IpAddr {
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(Peer(address))| address.ip());
    let lines = headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok());
    client(peer, lines, believed)
}

/// A connection under watch.
pub(super) struct Watched {
    stream: TcpStream,
    silence: Pin<Box<Sleep>>,
    life: Pin<Box<Sleep>>,
    _place: Option<OwnedSemaphorePermit>,
}

impl Watched {
    /// What `poll` says, or that the time is up.
    fn bound<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.silence.as_mut().reset(Tick::now() + SILENCE);
        }
        let quiet = poll.is_pending() && self.silence.as_mut().poll(cx).is_ready();
        if quiet || self.life.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        poll
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.bound(cx, poll)
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.bound(cx, poll)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
