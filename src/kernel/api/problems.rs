//! A page for every problem, so that `type` leads a reader somewhere.

use actix_web::{HttpResponse, web};

use crate::error::{ApiError, Problem};

/// The page of one problem, in both languages.
pub async fn problem_page(slug: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let problem = Problem::ALL
        .iter()
        .find(|problem| problem.slug() == slug.as_str())
        .ok_or_else(ApiError::not_found)?;
    let (title, help) = (problem.title(), problem.help());
    let page = format!(
        "<!doctype html>\n<html lang=\"vi\"><head><meta charset=\"utf-8\"><title>{slug}</title></head><body>\n\
         <h1>{vi}</h1>\n<p>{vi_help}</p>\n<div lang=\"en\"><h2>{en}</h2>\n<p>{en_help}</p></div>\n\
         <p><code>/problems/{slug}</code>, HTTP {status}</p>\n</body></html>\n",
        slug = problem.slug(),
        status = problem.status().as_u16(),
        vi = title.vi,
        vi_help = help.vi,
        en = title.en,
        en_help = help.en,
    );
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(page))
}
