//! cchc: the service on which a province runs its administrative reform (cải cách hành chính).
