variable "freshness_hours" {
  description = "Hours without a new load of a source after which the freshness alert fires."
  type        = number
}

variable "functions" {
  description = "Names of the functions whose log lines are counted."
  type        = list(string)
}

variable "labels" {
  description = "Labels for the alert policies and notification channels."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "notification_emails" {
  description = "E-mail addresses that receive the alerts."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "prefix" {
  description = "Start of every resource name."
  type        = string
}

variable "project_id" {
  description = "Id of the project that is monitored."
  type        = string
}

variable "schedule" {
  description = "Name of the Cloud Scheduler job that calls the sweep."
  type        = string
}

variable "sources" {
  description = "Keys of the sources, as the log lines of the functions have them."
  type        = set(string)
}

variable "transfer_jobs" {
  description = "Names of the transfer jobs by source, as transferJobs/ID."
  type        = map(string)
}
