//! Rates (tỷ lệ): computed once, from exact parts.

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
