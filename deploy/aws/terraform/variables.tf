variable "function_name" {
  description = "Name of the function, without version or alias"
  type        = string

  validation {
    condition     = can(regex("^[a-zA-Z0-9_-]{1,64}$", var.function_name))
    error_message = "Give the bare name: letters, digits, hyphens and underscores."
  }
}

variable "qualifier" {
  description = "Published version or alias whose asynchronous invocation is configured; null configures nothing"
  type        = string
  default     = null
}

variable "system_worker_principal" {
  description = "ARN of the role that wci worker runs as, or of the last role of its chain"
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.system_worker_principal))
    error_message = "Give the ARN of a role."
  }
}

variable "external_id" {
  description = "Long random text, the same as role_external_id in the spec"
  type        = string
  sensitive   = true

  validation {
    condition     = length(var.external_id) >= 16 && length(var.external_id) <= 1224
    error_message = "Give from 16 to 1224 characters."
  }
}
