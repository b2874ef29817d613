# The role with which wci invokes one Lambda function that runs Temporal workers.

data "aws_partition" "this" {}
data "aws_region" "this" {}
data "aws_caller_identity" "this" {}

locals {
  function_arn = join(":", [
    "arn", data.aws_partition.this.partition, "lambda", data.aws_region.this.name,
    data.aws_caller_identity.this.account_id, "function", var.function_name,
  ])

  # The wildcard does not cover the function's own ARN, so both are needed.
  functions = [local.function_arn, "${local.function_arn}:*"]
}

data "aws_iam_policy_document" "trust" {
  statement {
    sid     = "SystemWorkerWithExternalId"
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = [var.system_worker_principal]
    }

    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = [var.external_id]
    }
  }
}

data "aws_iam_policy_document" "invoke" {
  statement {
    sid       = "StartWorkers"
    actions   = ["lambda:InvokeFunction", "lambda:GetFunction"]
    resources = local.functions
  }

  # Optional: without it, wci omits some warnings.
  statement {
    sid       = "WarnOfRetries"
    actions   = ["lambda:GetFunctionEventInvokeConfig"]
    resources = local.functions
  }
}

resource "aws_iam_role" "invocation" {
  name_prefix          = "wci-invoke-"
  description          = "Lets wci invoke ${var.function_name}"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 3600
}

resource "aws_iam_role_policy" "invoke" {
  name   = "invoke"
  role   = aws_iam_role.invocation.id
  policy = data.aws_iam_policy_document.invoke.json
}

# Do not start a worker late, when nobody needs it any more.
resource "aws_lambda_function_event_invoke_config" "this" {
  count = var.qualifier == null ? 0 : 1

  function_name                = var.function_name
  qualifier                    = var.qualifier
  maximum_retry_attempts       = 0
  maximum_event_age_in_seconds = 60
}
