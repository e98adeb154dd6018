variable "bookkeeping_bucket" {
  description = "Name of the bucket for the leases and the source code of the functions. It gets no event trigger."
  type        = string
}

variable "existing" {
  description = "Which of the buckets exist already: providers (aws, azure), and bookkeeping. They get the grants that the system needs, and no other change."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "force_destroy" {
  description = "Whether terraform destroy deletes buckets that still hold objects."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key" {
  description = "Cloud KMS key for all buckets, in the same location. Default: keys that Google manages."
  type        = string
  default     = null
}

variable "labels" {
  description = "Labels for the buckets."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "landing_buckets" {
  description = "Names of the landing buckets, by provider (aws, azure)."
  type        = map(string)
}

variable "location" {
  description = "Location of all buckets. Their event triggers and the datasets must be there too."
  type        = string
}

variable "project_id" {
  description = "Id of the project for the buckets."
  type        = string
}

variable "readers" {
  description = "IAM members that may get the landing buckets and list their objects: the account of the functions, for load jobs."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "soft_delete_days" {
  description = "Days for which the buckets keep deleted and overwritten objects: 0 (off), or 7 to 90. Null does not set it: a new bucket then keeps them as the organization or Google decides, which is 7 days."
  type        = number
  default     = 0
}

variable "strip_basic_roles" {
  description = "Whether the project's editors and viewers lose the read access that Cloud Storage gives them on every new bucket."
  type        = bool
  default     = true
  nullable    = false
}

variable "transfer_agent" {
  description = "Service agent of Storage Transfer, as an IAM member. It writes to the landing buckets."
  type        = string
}

variable "versioning" {
  description = "Whether the landing buckets keep old versions of objects."
  type        = bool
  default     = false
  nullable    = false
}
