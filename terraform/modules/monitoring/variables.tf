variable "freshness_hours" {
  description = "Hours without a load of a source after which the freshness alert fires."
  type        = number
}

variable "functions" {
  description = "Names of the functions whose log lines are counted."
  type        = list(string)
}

variable "labels" {
  description = "Labels of the alert policies."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "notification_emails" {
  description = "E-mail addresses that alerts are sent to."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "prefix" {
  description = "Beginning of all names."
  type        = string
}

variable "project_id" {
  description = "Project that is watched."
  type        = string
}

variable "transfer_jobs" {
  description = "Names of the transfer jobs by source, as transferJobs/ID."
  type        = map(string)
}
