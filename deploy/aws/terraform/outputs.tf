output "role_arn" {
  description = "ARN to use as role in the spec"
  value       = aws_iam_role.invocation.arn
}
