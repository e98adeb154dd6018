variable "bucket" {
  description = "Name of the S3 bucket to copy from."
  type        = string
}

variable "credentials" {
  description = "Credentials for the S3 bucket: exactly one of role_arn and secret."
  type = object({
    role_arn = optional(string) # role that Storage Transfer assumes with web identity
    secret   = optional(string) # secret with an access key that transfer_agent can read, as projects/NUMBER/secrets/NAME
  })

  validation {
    condition     = (var.credentials.role_arn == null) != (var.credentials.secret == null)
    error_message = "credentials has neither role_arn nor secret, or both: set exactly one of them."
  }
}

variable "description" {
  description = "Description of the job in the console."
  type        = string
}

variable "event_stream" {
  description = "ARN of the SQS queue that S3 notifies of new objects. With one, a second job copies once a day what the queue missed. Null copies by schedule."
  type        = string
  default     = null
}

variable "path" {
  description = "Path in the S3 bucket, '' or ending in '/'. The transfer removes it from the names of the objects."
  type        = string
}

variable "project_id" {
  description = "Id of the project for the transfer job."
  type        = string
}

variable "schedule_hours" {
  description = "Hours between two transfers, at least 1."
  type        = number
  default     = 1
  nullable    = false
}

variable "sink" {
  description = "Destination of the copied objects."
  type = object({
    bucket = string # name of the landing bucket
    path   = string # path in the bucket, ends in '/'; the transfer adds it to the names
  })
}

variable "transfer_agent" {
  description = "Service agent of Storage Transfer."
  type = object({
    member     = string # the agent as an IAM member
    subject_id = string # unique id of the agent, which AWS sees as the subject
  })
}
