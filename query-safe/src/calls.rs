//! The calls that pass as they are, of every service of the client.
//!
//! The SDK gives no access to the channel of a connection, only to its typed calls. The tables below
//! list all of them; a test compares them with the definitions of the services.

mod cloud;
mod operator;
mod testing;
mod workflow;

use prost::Message;
use temporalio_client::{
    Connection,
    callback_based::{GrpcRequest, GrpcSuccessResponse},
    tonic::{Extensions, Request, Response, Status, metadata::MetadataMap},
};
use temporalio_common::protos::grpc::health::v1::HealthCheckRequest;

/// The workflow service, whose calls a worker makes.
pub(super) const WORKFLOW_SERVICE: &str = "temporal.api.workflowservice.v1.WorkflowService";

/// Headers of a connection, as opposed to those of the message sent over it.
const CONNECTION_HEADERS: [&str; 5] =
    ["content-type", "te", "user-agent", "grpc-encoding", "grpc-accept-encoding"];

/// Passes `call` on to `server`, and returns its response as it is.
pub(super) async fn pass(
    server: &Connection,
    call: &GrpcRequest,
) -> Result<GrpcSuccessResponse, Status> {
    let answer = match call.service.as_str() {
        WORKFLOW_SERVICE => workflow::pass(&mut *server.workflow_service(), call).await?,
        "temporal.api.operatorservice.v1.OperatorService" => {
            operator::pass(&mut *server.operator_service(), call).await?
        }
        "temporal.api.cloud.cloudservice.v1.CloudService" => {
            cloud::pass(&mut *server.cloud_service(), call).await?
        }
        "temporal.api.testservice.v1.TestService" => {
            testing::pass(&mut *server.test_service(), call).await?
        }
        "grpc.health.v1.Health" if call.rpc == "Check" => {
            let request: Request<HealthCheckRequest> = request(call)?;
            Some(encoded(server.health_service().check(request).await?))
        }
        _ => None,
    };
    answer.ok_or_else(|| {
        let GrpcRequest { service, rpc, .. } = call;
        Status::unimplemented(format!(
            "a query-safe connection cannot pass {service}/{rpc} on; call it on the underlying connection"
        ))
    })
}

/// Defines `pass`, which returns `None` for a call that is not in the table, and the table's names
/// for tests.
macro_rules! passing_calls {
    (dyn $service:ident; $($rpc:literal => $method:ident($request:ty),)*) => {
        #[allow(deprecated, reason = "deprecated calls pass, too")]
        pub(super) async fn pass(
            service: &mut dyn $service,
            call: &temporalio_client::callback_based::GrpcRequest,
        ) -> Result<
            Option<temporalio_client::callback_based::GrpcSuccessResponse>,
            temporalio_client::tonic::Status,
        > {
            Ok(Some(match call.rpc.as_str() {
                $($rpc => {
                    let request: temporalio_client::tonic::Request<$request> =
                        super::request(call)?;
                    super::encoded(service.$method(request).await?)
                })*
                _ => return Ok(None),
            }))
        }

        #[cfg(test)]
        pub(super) const NAMES: &[&str] = &[$($rpc),*];
    };
}
use passing_calls;

/// The message of `call` with its headers.
pub(super) fn request<T: Message + Default>(call: &GrpcRequest) -> Result<Request<T>, Status> {
    let message = T::decode(call.proto.clone())
        .map_err(|error| Status::internal(format!("{} cannot be read: {error}", call.rpc)))?;
    let mut headers = call.headers.clone();
    for name in CONNECTION_HEADERS {
        headers.remove(name);
    }
    Ok(Request::from_parts(MetadataMap::from_headers(headers), Extensions::default(), message))
}

/// The response to a call.
pub(super) fn encoded<T: Message>(answer: Response<T>) -> GrpcSuccessResponse {
    let proto = answer.get_ref().encode_to_vec();
    let mut headers = answer.metadata().clone();
    for name in CONNECTION_HEADERS {
        headers.remove(name);
    }
    GrpcSuccessResponse { headers: headers.into_headers(), proto }
}

#[cfg(test)]
mod tests;
