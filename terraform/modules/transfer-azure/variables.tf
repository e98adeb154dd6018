variable "container" {
  description = "Name of the container to copy from."
  type        = string
}

variable "credentials" {
  description = "Credentials for the storage account: exactly one of federated_identity and secret."
  type = object({
    federated_identity = optional(object({ # application that trusts Storage Transfer
      client_id = string                   # application (client) id
      tenant_id = string                   # directory (tenant) id
    }))
    secret = optional(string) # secret with a SAS token that transfer_agent can read, as projects/NUMBER/secrets/NAME
  })

  validation {
    condition     = (var.credentials.federated_identity == null) != (var.credentials.secret == null)
    error_message = "credentials has neither federated_identity nor secret, or both: set exactly one of them."
  }
}

variable "description" {
  description = "Description of the job in the console."
  type        = string
}

variable "event_stream" {
  description = "Storage queue that Event Grid notifies of new blobs, as ACCOUNT.queue.core.windows.net/QUEUE. With one, a second job copies once a day what the queue missed. Null copies by schedule."
  type        = string
  default     = null
}

variable "path" {
  description = "Directory in the container, '' or ending in '/'. The transfer removes it from the names of the objects."
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

variable "storage_account" {
  description = "Name of the storage account to copy from."
  type        = string
}

variable "transfer_agent" {
  description = "Service agent of Storage Transfer."
  type = object({
    member     = string # the agent as an IAM member
    subject_id = string # unique id of the agent, which Azure sees as the subject
  })
}
