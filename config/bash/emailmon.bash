# bash completion of emailmon.  Commands and their options are those that `emailmon help` tells, and the names of
# monitors those that `emailmon status` knows: no list stands here.

_emailmon_commands() {
    "$1" help 2>/dev/null | awk '$1 == "emailmon" { print $2 }'
}

_emailmon_usage() { # _emailmon_usage PROGRAM COMMAND: "-c FILE", "NAME", "--json", ..., a line each
    "$1" help 2>/dev/null | awk -v command="$2" '
        $1 == "emailmon" && $2 == command {
            for (i = 3; i <= NF && $i ~ /^\[?(-|[A-Z]+\]?$)/; i++) {
                is_value = $i ~ /^[A-Z]/ && $(i - 1) ~ /^\[?-.*[^]]$/
                line = line (is_value ? " " : "\n") $i
            }
            gsub(/[][]/, "", line)
            print substr(line, 2)
        }
        /^(`|$)/ { inside = index($0, "`" command "`") == 1 } # its paragraph, with more options
        inside && $1 ~ /^-/ { print $1, $2 }'
}

_emailmon_names() { # _emailmon_names PROGRAM FILE: of all monitors, as they are typed into a shell
    local name
    "$1" status -c "$2" --json 2>/dev/null | sed -n 's/^ *{"index": [^,]*, "name": "\(\(\\.\|[^"\\]\)*\)".*/\1/p' |
        while IFS= read -r name; do # without -r it would take the backslashes of JSON off, and all others too
            name=${name//\\\"/\"}
            printf '%q\n' "${name//\\\\/\\}"
        done
}

_emailmon_file() { # _emailmon_file OPTION
    local standard=/etc/emailmon/emailmon.yaml
    case $1 in
    -c)
        _filedir '@(yaml|yml|json)'
        [[ -n $cur || ! -r $standard ]] || COMPREPLY+=("$standard")
        ;;
    *) _filedir ;;
    esac
}

_emailmon() {
    local cur prev words cword file= i name usage value
    _init_completion -n :=@ || return
    if ((cword == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$(_emailmon_commands "$1")" -- "$cur")
        return
    fi
    usage=$(_emailmon_usage "$1" "${words[1]}")
    value=$(awk -v option="$prev" '$1 == option && $2 ~ /^[A-Z]+$/ { print $2; exit }' <<<"$usage")
    case $value in
    FILE | HTML) _emailmon_file "$prev" ;;
    USER) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
    esac
    [[ -z $value ]] || return
    for ((i = 2; i < cword; i++)); do
        [[ ${words[i]} != -c ]] || file=${words[i + 1]}
    done
    if [[ $cur == -* || -z $file ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(sed -n 's/^\(-[^ ]*\).*/\1/p' <<<"$usage")" -- "$cur")
    elif grep -qx NAME <<<"$usage"; then
        while IFS= read -r name; do
            [[ $name != "$cur"* ]] || COMPREPLY+=("$name")
        done < <(_emailmon_names "$1" "$file")
        # Readline puts what is found behind the last of these.
        COMPREPLY=("${COMPREPLY[@]#"${cur%"${cur##*[:=@]}"}"}")
    fi
} && complete -F _emailmon emailmon
