//! The calls of the operator service.

use temporalio_client::grpc::OperatorService;
use temporalio_common::protos::temporal::api::operatorservice::v1::*;

super::passing_calls! {
    dyn OperatorService;
    "AddSearchAttributes" => add_search_attributes(AddSearchAttributesRequest),
    "RemoveSearchAttributes" => remove_search_attributes(RemoveSearchAttributesRequest),
    "ListSearchAttributes" => list_search_attributes(ListSearchAttributesRequest),
    "DeleteNamespace" => delete_namespace(DeleteNamespaceRequest),
    "AddOrUpdateRemoteCluster" => add_or_update_remote_cluster(AddOrUpdateRemoteClusterRequest),
    "RemoveRemoteCluster" => remove_remote_cluster(RemoveRemoteClusterRequest),
    "ListClusters" => list_clusters(ListClustersRequest),
    "GetNexusEndpoint" => get_nexus_endpoint(GetNexusEndpointRequest),
    "CreateNexusEndpoint" => create_nexus_endpoint(CreateNexusEndpointRequest),
    "UpdateNexusEndpoint" => update_nexus_endpoint(UpdateNexusEndpointRequest),
    "DeleteNexusEndpoint" => delete_nexus_endpoint(DeleteNexusEndpointRequest),
    "ListNexusEndpoints" => list_nexus_endpoints(ListNexusEndpointsRequest),
}
