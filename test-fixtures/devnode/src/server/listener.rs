//! Accepts connections, bounded in number and in silence.
//!
//! Hyper's own time limit for headers needs a timer that `axum::serve` does not set. One rule here covers idle
//! connections, requests sent a byte at a time and answers nobody reads: the server must have written something within
//! [`limits::SILENCE`].

use crate::{limits, rpc::Context};
use axum::serve::Listener;
use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context as TaskContext, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep, sleep, sleep_until},
};

/// Pause after a failed accept (out of file descriptors): trying again at once would spin.
const ACCEPT_RETRY: Duration = Duration::from_millis(100);

pub(super) struct Gate {
    socket: TcpListener,
    room: Arc<Semaphore>,
    context: Arc<Context>,
}

impl Gate {
    pub(super) fn new(socket: TcpListener, context: Arc<Context>) -> Self {
        Self {
            socket,
            room: Arc::new(Semaphore::new(limits::CONNECTIONS)),
            context,
        }
    }
}

impl Listener for Gate {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            match self.socket.accept().await {
                Ok((stream, peer)) => {
                    let Ok(permit) = Arc::clone(&self.room).try_acquire_owned() else {
                        tracing::warn!(%peer, "refused: {} connections are open", limits::CONNECTIONS);
                        continue;
                    };
                    // Answers are small and wanted at once.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%peer, %error, "cannot set TCP_NODELAY");
                    }
                    self.context.stats.connection();
                    return (Connection::new(stream, permit, limits::SILENCE), peer);
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(ACCEPT_RETRY).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

/// One connection; gives its place back when dropped.
pub(super) struct Connection<S = TcpStream> {
    stream: S,
    silence: Duration,
    written: Instant,
    alarm: Pin<Box<Sleep>>,
    _permit: OwnedSemaphorePermit,
}

impl<S> Connection<S> {
    fn new(stream: S, permit: OwnedSemaphorePermit, silence: Duration) -> Self {
        let written = Instant::now();
        Self {
            stream,
            silence,
            written,
            alarm: Box::pin(sleep_until(written + silence)),
            _permit: permit,
        }
    }

    /// Fails when the server has been silent for too long.
    fn check(&mut self, cx: &mut TaskContext<'_>) -> io::Result<()> {
        while self.alarm.as_mut().poll(cx).is_ready() {
            let until = self.written + self.silence;
            if until <= Instant::now() {
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    "the connection was silent for too long",
                ));
            }
            self.alarm.as_mut().reset(until);
        }
        Ok(())
    }

    fn wrote(&mut self, result: &io::Result<usize>) {
        if matches!(result, Ok(count) if *count > 0) {
            self.written = Instant::now();
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(cx)?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        let result = ready!(Pin::new(&mut self.stream).poll_write(cx, buf));
        self.wrote(&result);
        Poll::Ready(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check(cx)?;
        let result = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, bufs));
        self.wrote(&result);
        Poll::Ready(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn connection(
        silence: Duration,
    ) -> (Connection<tokio::io::DuplexStream>, tokio::io::DuplexStream) {
        let (near, far) = tokio::io::duplex(64);
        let permit = Arc::new(Semaphore::new(1)).try_acquire_owned().unwrap();
        (Connection::new(near, permit, silence), far)
    }

    #[tokio::test(start_paused = true)]
    async fn closes_a_connection_that_only_trickles() {
        let (mut near, mut far) = connection(Duration::from_secs(10));
        let trickle = tokio::spawn(async move {
            while far.write_all(b"x").await.is_ok() {
                sleep(Duration::from_secs(1)).await;
            }
        });
        let mut buf = [0; 1];
        let mut read = 0;
        let error = loop {
            match near.read(&mut buf).await {
                Ok(_) => read += 1,
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!((9..=11).contains(&read), "{read}");
        drop(near);
        trickle.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn keeps_a_connection_the_server_writes_to() {
        let (mut near, mut far) = connection(Duration::from_secs(10));
        for _ in 0..5 {
            sleep(Duration::from_secs(9)).await;
            near.write_all(b"answer").await.unwrap();
            far.read_exact(&mut [0; 6]).await.unwrap();
            far.write_all(b"x").await.unwrap();
            near.read_exact(&mut [0; 1]).await.unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn closes_a_connection_whose_answer_nobody_reads() {
        let (mut near, _far) = connection(Duration::from_secs(10));
        let error = near.write_all(&[0; 1_000]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
