//! HTTP as a client speaks it.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;

#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: String,
    headers: HeaderMap,
}

impl Client {
    /// Nobody's client. Making one reads every certificate of the machine: the others of a service are made
    /// of this one.
    pub fn new(base: &str) -> Self {
        Self {
            // Shorter than the service keeps a connection: a story that waits for a command serves nobody
            // meanwhile, and must not write to one that the service is about to end.
            http: reqwest::Client::builder()
                .no_gzip()
                .pool_idle_timeout(Duration::from_secs(1))
                .build()
                .expect("a client"),
            base: base.to_owned(),
            headers: HeaderMap::new(),
        }
    }

    /// The same client with a token.
    pub fn with_token(&self, token: &str) -> Self {
        self.with("authorization", &format!("Bearer {token}"))
    }

    /// The same client with one more header.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.insert(
            HeaderName::from_bytes(name.as_bytes()).expect("a header name"),
            HeaderValue::from_str(value).expect("a header value"),
        );
        client
    }

    /// A header that it sends.
    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    /// The same client, asking for answers in English.
    pub fn in_english(&self) -> Self {
        self.with("accept-language", "en")
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<(&str, Vec<u8>)>) -> Answer {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request =
            self.http.request(method.clone(), format!("{}{path}", self.base)).headers(self.headers.clone());
        if let Some((content_type, bytes)) = body {
            request = request.header("content-type", content_type).body(bytes);
        }
        let response = request.send().await.unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let bytes = response.bytes().await.expect("a whole body");
        Answer { request: format!("{method} {path}"), status, headers, bytes: bytes.to_vec() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(("application/json", body.to_string().into_bytes()))).await
    }

    /// A POST without body: a step in a record's life.
    pub async fn step(&self, path: &str) -> Answer {
        self.send("POST", path, None).await
    }

    pub async fn post_form(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.send("POST", path, Some(("application/x-www-form-urlencoded", body.into_bytes()))).await
    }

    pub async fn put(&self, path: &str, etag: &str, body: &Value) -> Answer {
        let body = Some(("application/json", body.to_string().into_bytes()));
        self.with("if-match", etag).send("PUT", path, body).await
    }

    pub async fn patch(&self, path: &str, etag: &str, body: &Value) -> Answer {
        let body = Some(("application/merge-patch+json", body.to_string().into_bytes()));
        self.with("if-match", etag).send("PATCH", path, body).await
    }

    pub async fn delete(&self, path: &str, etag: &str) -> Answer {
        self.with("if-match", etag).send("DELETE", path, None).await
    }
}

#[derive(Debug)]
pub struct Answer {
    request: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// The body, after a check of the status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text());
        self.json()
    }

    /// The problem, after a check of its status and slug.
    #[track_caller]
    pub fn problem(self, status: u16, slug: &str) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.request, self.text());
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.request);
        let body = self.json();
        assert_eq!(body["type"], format!("/problems/{slug}"), "{}: {body}", self.request);
        assert_eq!(body["status"], status, "{}", self.request);
        for member in ["title", "detail", "instance", "request_id"] {
            assert!(body[member].is_string(), "{}: no {member} in {body}", self.request);
        }
        body
    }

    /// The pointers of a problem's faults, after a check of its status and slug.
    #[track_caller]
    pub fn faults(self, status: u16, slug: &str) -> Vec<String> {
        let body = self.problem(status, slug);
        let faults = body["errors"].as_array().cloned().unwrap_or_default();
        faults.iter().map(|fault| fault["pointer"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub fn json(&self) -> Value {
        if self.bytes.is_empty() {
            return Value::Null;
        }
        serde_json::from_slice(&self.bytes)
            .unwrap_or_else(|error| panic!("{}: {error}: {}", self.request, self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }

    pub fn header(&self, name: &str) -> String {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    }

    pub fn etag(&self) -> String {
        self.header("etag")
    }
}
