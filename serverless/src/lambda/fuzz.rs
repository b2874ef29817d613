//! Fuzz targets: the events of a function, and deadlines.

use bolero::check;
use lambda_runtime::{
    Context, Error as BoxError, LambdaInvocation,
    tower::{Layer, Service, service_fn},
};
use std::time::Duration;
use wci_fuzz::Mutation;

use super::any_event::{AnyEventLayer, InFlight};
use crate::deadline::{Deadline, work_time};

#[test]
fn bodies_of_events() {
    const SAMPLES: &[&str] = &["", "null", r#"{"Records":[{"body":"x"}]}"#];
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    check!().with_iterations(300).with_type::<Mutation>().for_each(|mutation| {
        let handler = service_fn(|invocation: LambdaInvocation| async move {
            serde_json::from_slice::<()>(&invocation.body).map_err(BoxError::from)
        });
        let in_flight = InFlight::default();
        let mut service = AnyEventLayer(in_flight.clone()).layer(handler);
        let (parts, ()) = http::Response::new(()).into_parts();
        let body = mutation.of(SAMPLES).into();
        let invocation = LambdaInvocation { parts, body, context: Context::default() };
        runtime.block_on(async {
            service.call(invocation).await.unwrap();
            in_flight.none().await;
        });
    });
}

#[test]
fn deadlines() {
    const SAMPLES: &[&str] = &["1800000000000", "60000", "0", " 5 "];
    check!().with_iterations(500).with_type::<(Mutation, u64, u64, u32)>().for_each(
        |(mutation, millis, now_ms, buffer_ms)| {
            let buffer = Duration::from_millis((*buffer_ms).into());
            let deadlines = [
                Ok(Deadline::from_millis(*millis, *now_ms)),
                Deadline::parse(&mutation.text(SAMPLES), *now_ms),
            ];
            for left in deadlines.into_iter().flatten().map(Deadline::left) {
                if let Ok(work) = work_time(left, buffer) {
                    assert!(work.time <= left);
                }
            }
        },
    );
}
