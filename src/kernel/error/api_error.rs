//! The error that leaves a handler.

use std::borrow::Cow;
use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

use super::{Bilingual, Fault, Language, Problem, ProblemDetails, ProblemFault};

/// The faults that an answer tells one by one.
pub const FAULTS_TOLD: usize = 1_000;

/// An error as it leaves a handler.
#[derive(Debug)]
pub struct ApiError(Box<Inner>);

#[derive(Debug)]
struct Inner {
    problem: Problem,
    detail: Option<Bilingual>,
    faults: Vec<Fault>,
    /// Faults beyond those.
    untold: usize,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

impl ApiError {
    /// This problem with nothing more to say.
    #[must_use]
    pub fn new(problem: Problem) -> Self {
        Self(Box::new(Inner {
            problem,
            detail: None,
            faults: Vec::new(),
            untold: 0,
            members: Map::new(),
            headers: Vec::new(),
            cause: None,
        }))
    }

    /// This problem with a sentence on the case at hand.
    pub fn detailed(
        problem: Problem,
        vi: impl Into<Cow<'static, str>>,
        en: impl Into<Cow<'static, str>>,
    ) -> Self {
        let mut error = Self::new(problem);
        error.0.detail = Some(Bilingual::new(vi, en));
        error
    }

    /// 422 with these faults.
    #[must_use]
    pub fn invalid(faults: Vec<Fault>) -> Self {
        Self::new(Problem::Invalid).with_faults(faults)
    }

    /// Not there, or not yours to know of.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Problem::NotFound)
    }

    /// 405, with the methods that the path has. What answers `GET` answers `HEAD`.
    #[must_use]
    pub fn method_not_allowed(methods: &[String]) -> Self {
        let head = methods.iter().any(|method| method == "GET").then_some("HEAD");
        let allowed: Vec<&str> = methods.iter().map(String::as_str).chain(head).collect();
        Self::new(Problem::MethodNotAllowed).with_header(actix_web::http::header::ALLOW, &allowed.join(", "))
    }

    /// 500: the cause goes to the log only.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let mut error = Self::new(Problem::Internal);
        error.0.cause = Some(cause.to_string());
        error
    }

    /// 503 with `Retry-After`: the cause goes to the log only.
    pub fn unavailable(cause: impl fmt::Display) -> Self {
        let mut error = Self::new(Problem::Unavailable).with_retry_after(1);
        error.0.cause = Some(cause.to_string());
        error
    }

    /// This error with the faults of another: for input that comes in two parts.
    #[must_use]
    pub fn joined(mut self, other: Self) -> Self {
        self.0.faults.extend(other.0.faults);
        self
    }

    /// Adds the list of faults.
    #[must_use]
    pub fn with_faults(mut self, faults: Vec<Fault>) -> Self {
        self.0.faults = faults;
        self
    }

    /// This error with so many of its faults; of the others it keeps how many there are.
    #[must_use]
    pub fn telling(mut self, most: usize) -> Self {
        self.0.untold += self.0.faults.len().saturating_sub(most);
        self.0.faults.truncate(most);
        // Ten thousand lines may each have had many more.
        self.0.faults.shrink_to_fit();
        self
    }

    /// This error with more faults that are not told.
    #[must_use]
    pub fn with_untold(mut self, faults: usize) -> Self {
        self.0.untold += faults;
        self
    }

    /// How many faults are not told.
    #[must_use]
    pub fn untold(&self) -> usize {
        self.0.untold
    }

    /// Its faults; an error without any is one itself.
    #[must_use]
    pub fn into_faults(self) -> Vec<Fault> {
        self.with_each_fault(|fault| fault).0.faults
    }

    /// Adds an extension member (RFC 9457, section 3.2).
    #[must_use]
    pub fn with_member(mut self, name: &str, value: Value) -> Self {
        self.0.members.insert(name.to_owned(), value);
        self
    }

    /// Every fault of the input.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.0.faults
    }

    /// This error with its faults told in another way; where it has none, it is one itself.
    #[must_use]
    pub fn with_each_fault(mut self, told: impl FnMut(Fault) -> Fault) -> Self {
        if self.0.faults.is_empty() {
            let message = self.0.detail.clone().unwrap_or_else(|| self.0.problem.help());
            self.0.faults.push(Fault::new("", self.0.problem.slug().replace('-', "_"), message));
        }
        self.0.faults = self.0.faults.into_iter().map(told).collect();
        self
    }

    /// Adds a response header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.0.headers.push((name, value));
        }
        self
    }

    /// Adds `Retry-After` in seconds.
    #[must_use]
    pub fn with_retry_after(self, seconds: u64) -> Self {
        self.with_header(actix_web::http::header::RETRY_AFTER, &seconds.to_string())
    }

    /// Which problem it is.
    #[must_use]
    pub fn problem(&self) -> Problem {
        self.0.problem
    }

    /// What the log should know and a client must not.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The headers beside the body.
    #[must_use]
    pub fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.headers
    }

    /// The body on the wire.
    #[must_use]
    pub fn body(&self, language: Language, instance: &str, request_id: &str) -> ProblemDetails {
        let inner = &self.0;
        let text = |b: &Bilingual| b.in_language(language).to_owned();
        let told = |fault: &Fault| ProblemFault {
            pointer: fault.pointer.clone(),
            code: fault.code.to_string(),
            message: text(&fault.message),
        };
        let errors: Vec<_> = inner.faults.iter().take(FAULTS_TOLD).map(told).collect();
        let total = inner.faults.len() + inner.untold;
        ProblemDetails {
            problem_type: format!("/problems/{}", inner.problem.slug()),
            title: text(&inner.problem.title()),
            status: inner.problem.status().as_u16(),
            detail: text(inner.detail.as_ref().unwrap_or(&inner.problem.help())),
            instance: instance.to_owned(),
            request_id: request_id.to_owned(),
            errors_total: Some(total).filter(|total| *total > errors.len()),
            errors,
            members: inner.members.clone(),
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.problem.slug())?;
        for fault in &self.0.faults {
            write!(f, "; {} {}: {}", fault.pointer, fault.code, fault.message.en)?;
        }
        if let Some(detail) = &self.0.detail {
            write!(f, ": {}", detail.en)?;
        }
        if let Some(cause) = &self.0.cause {
            write!(f, " (cause: {cause})")?;
        }
        Ok(())
    }
}

impl std::error::Error for ApiError {}

impl From<rust_xlsxwriter::XlsxError> for ApiError {
    fn from(error: rust_xlsxwriter::XlsxError) -> Self {
        Self::internal(error)
    }
}

/// The middleware in [`crate::api::frame`] writes the body: only it knows the request.
impl actix_web::ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.0.problem.status()
    }

    fn error_response(&self) -> actix_web::HttpResponse {
        actix_web::HttpResponse::new(self.status_code())
    }
}
