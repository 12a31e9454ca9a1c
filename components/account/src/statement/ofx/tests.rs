use super::*;
use strongroom_sdk::rows;

#[test]
fn an_account_is_named_within_the_lengths_of_the_form() {
    for (number, bank, account) in rows! {
        ("DE44500105175407324931", "50010517", "DE44500105175407324931"),
        ("NL91ABNA0417164300", "ABNA", "NL91ABNA0417164300"),
        ("FR1420041010050500013M02606", "20041", "0041010050500013M02606"),
        ("MT84MALT011000012345MTLCAST001S", "MALT", "11000012345MTLCAST001S"),
        ("SETTLEMENT-EUR", "SETTLEMEN", "SETTLEMENT-EUR"),
    } {
        assert_eq!(bank_id(number), bank);
        assert_eq!(account_id(number), account);
    }
}
