variable "container" {
  description = "Container to copy from."
  type        = string
}

variable "credentials" {
  description = "Either federated_identity, the application that trusts Google's identity, or secret (a SAS token), as projects/NUMBER/secrets/NAME."
  type = object({
    federated_identity = optional(object({
      client_id = string
      tenant_id = string
    }))
    secret = optional(string)
  })

  validation {
    condition     = (var.credentials.federated_identity == null) != (var.credentials.secret == null)
    error_message = "credentials needs exactly one of federated_identity and secret."
  }
}

variable "description" {
  description = "What the job is called in the console."
  type        = string
}

variable "event_stream" {
  description = "Storage queue that Event Grid notifies, as ACCOUNT.queue.core.windows.net/QUEUE; null copies by schedule."
  type        = string
  default     = null
}

variable "path" {
  description = "Directory in the container, '' or ending in '/', which is stripped from the objects' names."
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

variable "storage_account" {
  description = "Storage account to copy from."
  type        = string
}

variable "transfer_agent" {
  description = "Storage Transfer's service agent: as an IAM member, and its unique id, which Azure sees as the subject."
  type = object({
    member     = string
    subject_id = string
  })
}
