variable "bookkeeping_bucket" {
  description = "Name of the bucket for the leases and the functions' source; no event trigger looks at it."
  type        = string
}

variable "force_destroy" {
  description = "Whether destroy deletes buckets that still hold objects."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key" {
  description = "Cloud KMS key of all buckets, in their location; null leaves Google's keys."
  type        = string
  default     = null
}

variable "labels" {
  description = "Labels of the buckets."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "landing_buckets" {
  description = "Names of the landing buckets by provider (aws, azure)."
  type        = map(string)
}

variable "location" {
  description = "Location of all buckets, which is also that of their event triggers and of the datasets."
  type        = string
}

variable "project_id" {
  description = "Project of the buckets."
  type        = string
}

variable "retention" {
  description = "Days of soft delete (0, or 7 to 90) and versioning of the landing buckets."
  type = object({
    soft_delete_days = optional(number, 0)
    versioning       = optional(bool, false)
  })
  default  = {}
  nullable = false
}

variable "transfer_agent" {
  description = "Storage Transfer's service agent as an IAM member; it writes into the landing buckets."
  type        = string
}
