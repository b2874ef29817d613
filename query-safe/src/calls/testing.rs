//! The calls of the test service.

use temporalio_client::grpc::TestService;
use temporalio_common::protos::temporal::api::testservice::v1::*;

super::passing_calls! {
    dyn TestService;
    "LockTimeSkipping" => lock_time_skipping(LockTimeSkippingRequest),
    "UnlockTimeSkipping" => unlock_time_skipping(UnlockTimeSkippingRequest),
    "Sleep" => sleep(SleepRequest),
    "SleepUntil" => sleep_until(SleepUntilRequest),
    "UnlockTimeSkippingWithSleep" => unlock_time_skipping_with_sleep(SleepRequest),
    "GetCurrentTime" => get_current_time(()),
}
