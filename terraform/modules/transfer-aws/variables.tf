variable "bucket" {
  description = "S3 bucket to copy from."
  type        = string
}

variable "credentials" {
  description = "Either role_arn, the role to assume by web identity, or secret, as projects/NUMBER/secrets/NAME."
  type = object({
    role_arn = optional(string)
    secret   = optional(string)
  })

  validation {
    condition     = (var.credentials.role_arn == null) != (var.credentials.secret == null)
    error_message = "credentials needs exactly one of role_arn and secret."
  }
}

variable "description" {
  description = "What the job is called in the console."
  type        = string
}

variable "event_stream" {
  description = "ARN of the SQS queue that S3 notifies; null copies by schedule."
  type        = string
  default     = null
}

variable "path" {
  description = "Path in the S3 bucket, '' or ending in '/', which is stripped from the objects' names."
  type        = string
}

variable "project_id" {
  description = "Project of the transfer job."
  type        = string
}

variable "schedule_hours" {
  description = "Hours between two transfers, at least 1."
  type        = number
  default     = 1
  nullable    = false
}

variable "sink" {
  description = "Landing bucket, and the path ending in '/' that is put in front of the objects' names."
  type = object({
    bucket = string
    path   = string
  })
}

variable "transfer_agent" {
  description = "Storage Transfer's service agent: as an IAM member, and its unique id, which AWS sees as the subject."
  type = object({
    member     = string
    subject_id = string
  })
}
