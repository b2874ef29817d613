output "role_arn" {
  description = "What the spec has as role"
  value       = aws_iam_role.invocation.arn
}
