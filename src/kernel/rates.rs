//! Rates (tỷ lệ): computed once, from exact parts.

use serde::Serialize;
use utoipa::ToSchema;

/// A quotient to two decimals, half away from zero; none where there is nothing to divide by.
#[must_use]
pub fn two_decimals(numerator: i64, denominator: i64) -> Option<f64> {
    if denominator <= 0 {
        return None;
    }
    let (numerator, denominator) = (i128::from(numerator), i128::from(denominator));
    let hundredths = (numerator * 200 + denominator) / (denominator * 2);
    Some(f64::from(i32::try_from(hundredths).ok()?) / 100.0)
}

/// A rate with the parts of which it is made (tỷ lệ).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, ToSchema)]
pub struct StatisticsRate {
    /// Of these (tử số).
    pub numerator: i64,
    /// Out of these (mẫu số).
    pub denominator: i64,
    /// In percent, to two decimals (tỷ lệ phần trăm); null where there is nothing to divide by.
    pub rate_percent: Option<f64>,
}

impl StatisticsRate {
    /// The rate of these parts.
    #[must_use]
    pub fn of(numerator: i64, denominator: i64) -> Self {
        let scaled = numerator.saturating_mul(100);
        Self { numerator, denominator, rate_percent: two_decimals(scaled, denominator) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_has_two_decimals_and_its_parts() {
        assert_eq!(StatisticsRate::of(2, 3).rate_percent, Some(66.67));
        assert_eq!(StatisticsRate::of(1, 3).rate_percent, Some(33.33));
        assert_eq!(StatisticsRate::of(1, 800).rate_percent, Some(0.13), "half goes up");
        assert_eq!(StatisticsRate::of(7_277, 7_277).rate_percent, Some(100.0));
        assert_eq!(StatisticsRate::of(0, 0).rate_percent, None);
    }
}
