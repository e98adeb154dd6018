# Reads the modules as text: what is granted anywhere, and what README.md says about it. A plan would show only what one set of
# variables makes.

locals {
  _root  = "${path.module}/../.."
  _files = [for name in fileset(local._root, "**/*.tf") : name if !startswith(name, "tests/") && !startswith(name, ".terraform/")]
  _text  = join("\n", [for name in local._files : file("${local._root}/${name}")])
  _blocks = {
    for match in regexall("(?s)resource \"(google_[a-z0-9_]+_(?:iam_[a-z]+|dataset_access))\" \"([a-z_]+)\" \\{(.*?)\n\\}", local._text) :
    "${match[0]}.${match[1]}" => match[2]...
  }
  _rows = regexall("(?m)^\\| `(google_[a-z0-9_]+_(?:iam_member|dataset_access)\\.[a-z_]+)` \\| `([^`]+)`", file("${local._root}/README.md"))
}

output "described" {
  description = "Grants in the table of README.md: resource and role."
  value       = toset([for row in local._rows : "${row[0]} ${row[1]}"])
}

output "granted" {
  description = "Grants in the modules: resource and role."
  value       = toset([for name, bodies in local._blocks : "${name} ${try(regex("role\\s+= \"([^\"]+)\"", bodies[0])[0], "authorized views")}"])
}

output "without_reason" {
  description = "Grants that do not begin below a comment, nor have one beside the role."
  value = toset([
    for name, bodies in local._blocks : name
    if length(regexall("(?m)^#[^\n]*\nresource \"${split(".", name)[0]}\" \"${split(".", name)[1]}\"", local._text)) == 0
    && length(regexall("role\\s+= \"[^\"]+\" # ", bodies[0])) == 0
  ])
}
