variable "functions_kms_key" {
  description = "Cloud KMS key that the agents of Artifact Registry, Cloud Functions, Cloud Run, Cloud Storage and Eventarc may use. Null for keys that Google manages."
  type        = string
  default     = null
}

variable "kms_key" {
  description = "Cloud KMS key that the agents of Cloud Storage and BigQuery may use. Null for keys that Google manages."
  type        = string
  default     = null
}

variable "project_id" {
  description = "Id of the project."
  type        = string
}

variable "setup" {
  description = "Whether to enable the APIs, create the service agents and grant them their roles. With false, nothing is created, and the outputs are the same."
  type        = bool
  default     = true
  nullable    = false
}
