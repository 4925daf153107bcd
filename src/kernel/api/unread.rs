//! What a client is still sending when its answer is ready, such as the rest of a body that is too
//! large or that nobody may send. A connection that is closed with bytes unread is reset, and a reset
//! can overtake the answer: so the rest is read and thrown away first, within limits.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage};
use futures_util::{Stream, StreamExt};

/// The most that is thrown away. Whoever declares more finds the connection closed.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
/// How long the next bytes may take.
const PAUSE: Duration = Duration::from_secs(1);
/// How long all of it may take.
const LONGEST: Duration = Duration::from_secs(5);

/// The middleware before every other.
///
/// # Errors
/// Those of what comes behind it.
pub async fn read_to_the_end(
    mut req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let body = match req.take_payload() {
        Payload::None => return next.call(req).await,
        payload => Body::new(payload, &req),
    };
    req.set_payload(Payload::Stream { payload: Box::pin(body.clone()) });
    let answer = next.call(req).await;
    // Whoever is too slow is answered all the same.
    let _ = tokio::time::timeout(LONGEST, body.throw_away()).await;
    answer
}

/// A body that its handler reads, and whose rest is known when the handler is done.
#[derive(Clone)]
struct Body {
    payload: Rc<RefCell<Payload>>,
    declared: Option<u64>,
    received: Rc<Cell<u64>>,
    ended: Rc<Cell<bool>>,
}

impl Body {
    fn new(payload: Payload, req: &ServiceRequest) -> Self {
        let declared = req.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
        Self { payload: Rc::new(payload.into()), declared, received: Rc::default(), ended: Rc::default() }
    }

    async fn throw_away(mut self) {
        if self.declared.is_some_and(|length| length.saturating_sub(self.received.get()) > MOST_BYTES) {
            return;
        }
        let most = self.received.get().saturating_add(MOST_BYTES);
        while !self.ended.get() && self.received.get() < most {
            if !matches!(tokio::time::timeout(PAUSE, self.next()).await, Ok(Some(Ok(_)))) {
                return;
            }
        }
    }
}

impl Stream for Body {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = ready!(Pin::new(&mut *self.payload.borrow_mut()).poll_next(cx));
        match &next {
            Some(Ok(bytes)) => {
                let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
                self.received.set(self.received.get().saturating_add(more));
            }
            Some(Err(_)) | None => self.ended.set(true),
        }
        Poll::Ready(next)
    }
}
