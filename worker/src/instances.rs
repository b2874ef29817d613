//! Talking to instances: start, update, query, end. What the operator's commands share.

use anyhow::{Context, bail};
use serde::{Serialize, de::DeserializeOwned};
use temporalio_client::{
    Client, WorkflowDescribeOptions, WorkflowExecuteUpdateOptions, WorkflowQueryOptions,
    WorkflowStartOptions,
};
