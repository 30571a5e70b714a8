//! How a check reports. The program ends at the first that fails, with the reason.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use futures_lite::{Stream, StreamExt};
use lapin::{Error, ErrorKind};

const PATIENCE: Duration = Duration::from_secs(15);

/// A check's outcome: nothing, or why it does not hold.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Runs one part of the story, in time.
pub async fn check(what: &str, part: impl Future<Output = Outcome>) {
    let reason = match tokio::time::timeout(PATIENCE, part).await {
        Ok(Ok(())) => return println!("ok {what}"),
        Ok(Err(reason)) => reason.to_string(),
        Err(_) => "it took too long".to_owned(),
    };
    println!("FAILED {what}\n{reason}");
    std::process::exit(1);
}

pub fn same<T: PartialEq<U> + Debug, U: Debug>(actual: T, expected: U) -> Outcome {
    if actual == expected {
        return Ok(());
    }
    Err(format!("expected {expected:?}, got {actual:?}").into())
}

/// What a stream brings next; it must not end.
pub async fn next<T>(stream: &mut (impl Stream<Item = T> + Unpin)) -> Result<T, &'static str> {
    stream.next().await.ok_or("it ended")
}

/// Expects the broker to answer by closing, with exactly this code and text.
pub fn refused<T>(outcome: Result<T, Error>, code: u16, text: &str) -> Outcome {
    match outcome {
        Ok(_) => Err(format!("no {code} came").into()),
        Err(error) => match error.kind() {
            ErrorKind::ProtocolError(told) => same((told.get_id(), told.get_message().as_str()), (code, text)),
            other => Err(format!("expected {code}, got {other:?}").into()),
        },
    }
}
