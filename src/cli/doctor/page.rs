//! Effect: one GET, bounded in time and size: a page's status, time and text. Follows no redirect and posts nothing.

use std::time::Duration;

use reqwest::Client;
use reqwest::header::DATE;
use url::Url;

use crate::clock::Instant;

/// No page of ours is larger.
const LARGEST: usize = 64 * 1024;

/// What came.
pub(super) struct Seen {
    pub(super) status: u16,
    /// The server's time, where it told.
    pub(super) date: Option<Instant>,
    pub(super) text: String,
}

/// Gets `url`; why not in Korean.
pub(super) async fn get(url: &Url, limit: Duration) -> Result<Seen, String> {
    let got = tokio::time::timeout(limit, fetch(url)).await;
    got.unwrap_or_else(|_| Err("정해진 시간 안에 답이 없었어요".to_owned()))
}

async fn fetch(url: &Url) -> Result<Seen, String> {
    let client = Client::builder()
        .user_agent("moabom doctor")
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .map_err(|_| "이 기기가 믿는 인증서를 읽을 수 없어요".to_owned())?;
    let mut response = client.get(url.clone()).send().await.map_err(|error| words(&error))?;
    let date = response.headers().get(DATE).and_then(|value| value.to_str().ok());
    let date = date.and_then(|text| chrono::DateTime::parse_from_rfc2822(text).ok()).map(|at| at.to_utc());
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while body.len() < LARGEST {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break,
            Err(error) => return Err(words(&error)),
        }
    }
    Ok(Seen { status, date, text: String::from_utf8_lossy(&body).into_owned() })
}

fn words(error: &reqwest::Error) -> String {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    let mut text = String::new();
    while let Some(inner) = cause {
        text = inner.to_string();
        cause = inner.source();
    }
    let lower = text.to_ascii_lowercase();
    let words = if lower.contains("certificate") {
        "인증서를 믿을 수 없어요"
    } else if lower.contains("dns") || lower.contains("lookup address") || lower.contains("name or service") {
        "이름의 주소를 찾지 못했어요"
    } else if lower.contains("refused") {
        "연결을 거절했어요"
    } else if error.is_connect() {
        "연결되지 않아요"
    } else {
        "답을 읽을 수 없어요"
    };
    words.to_owned()
}
