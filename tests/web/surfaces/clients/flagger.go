// What Flagger does with a webhook, with the library it does it with: anything beyond 202 fails, and
// what is left to say of a failure is the body, or the library's own words once it has given up.
package main

import (
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

func main() {
	client := retryablehttp.NewClient()
	client.Logger = nil
	client.RetryMax = 1
	client.RetryWaitMin, client.RetryWaitMax = 10*time.Millisecond, 10*time.Millisecond
	request, err := retryablehttp.NewRequest("POST", os.Args[1], []byte(os.Args[2]))
	if err != nil {
		log.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		fmt.Printf("failed: %s", err)
		return
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		log.Fatal(err)
	}
	if answer.StatusCode > 202 {
		fmt.Printf("failed: %s", body)
		return
	}
	fmt.Printf("passed: %s", body)
}
